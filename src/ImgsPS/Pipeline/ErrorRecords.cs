using System;
using System.IO;
using System.Management.Automation;
using ImgsPS.Naming;

namespace ImgsPS.Pipeline;

/// <summary>Makes PowerShell's error records of the engine's failures: one stable id and one category for each kind.</summary>
internal static class ErrorRecords
{
    /// <summary>
    /// PowerShell 7.5 and later print the recommended action under the message; before, it must stand in the message to be seen.
    /// </summary>
    private static readonly bool ShowsRecommendedAction = typeof(PSCmdlet).Assembly.GetName().Version >= new Version(7, 5);

    /// <summary>The record of a failure.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="target">What the user gave.</param>
    /// <param name="store">The store that it failed in, to name it before the message; null when there is no doubt.</param>
    /// <param name="item">
    /// What was worked on, where several things of one command may fail in the same words: it stands before a message that does not name it.
    /// </param>
    public static ErrorRecord Of(Exception failure, object? target, string? store = null, string? item = null)
    {
        var record = OfFailure(failure, Shown(target));
        var message = record.ErrorDetails?.Message ?? failure.Message;
        var before = (store is null ? "" : store + ": ")
            + (item is null || Names(message, item) ? "" : PrintableText.Of(PrintableText.WithoutPassword(item)) + ": ");
        if (before.Length > 0)
        {
            record.ErrorDetails = new ErrorDetails(before + message) { RecommendedAction = record.ErrorDetails?.RecommendedAction ?? "" };
        }

        return record;
    }

    /// <summary>True when the message has the name, and not only as a part of another one.</summary>
    private static bool Names(string message, string name)
    {
        for (var at = message.IndexOf(name, StringComparison.Ordinal); at >= 0;
            at = message.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            var end = at + name.Length;
            if ((at == 0 || !IsOfName(message[at - 1]))
                && (end == message.Length || !IsOfName(message[end]) || IsSentenceEnd(message, end)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOfName(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or '@';

    private static bool IsSentenceEnd(string message, int at) =>
        message[at] == '.' && (at + 1 == message.Length || char.IsWhiteSpace(message[at + 1]));

    /// <summary>What the user gave; of an address with a password in it (RC4) all but that.</summary>
    private static object? Shown(object? target) => target switch
    {
        string text => PrintableText.WithoutPassword(text),
        Uri { OriginalString: { } address } when PrintableText.WithoutPassword(address) is var shown && shown != address => shown,
        _ => target,
    };

    private static ErrorRecord OfFailure(Exception failure, object? target)
    {
        switch (failure)
        {
            case WorkFailedException { InnerException: { } cause }:
                return OfFailure(cause, target);
            case ImageException image:
                var (id, category) = Classify(image.Kind);
                return Make(image, id, category, target, image.Advice);
            case OperationCanceledException or TimeoutException:
                return Make(failure, "OperationTimeout", ErrorCategory.OperationTimeout, target,
                    "Try again; with -Debug -Verbose the requests are shown.");
            case UnauthorizedAccessException:
                return Make(failure, "AccessDenied", ErrorCategory.PermissionDenied, target, "Check the rights on the store's folder.");
            case IOException:
                return Make(failure, "StoreUnavailable", ErrorCategory.ResourceUnavailable, target,
                    "Check the store's folder and the free space on its disk.");
            default:
                return Make(failure, "UnexpectedError", ErrorCategory.NotSpecified, target,
                    "This is a fault in ImgsPS: please report it with the output of Get-Error.");
        }
    }

    private static (string Id, ErrorCategory Category) Classify(ImageErrorKind kind) => kind switch
    {
        ImageErrorKind.InvalidArgument => ("InvalidArgument", ErrorCategory.InvalidArgument),
        ImageErrorKind.InvalidReference => ("InvalidReference", ErrorCategory.InvalidArgument),
        ImageErrorKind.NotFound => ("ImageNotFound", ErrorCategory.ObjectNotFound),
        ImageErrorKind.Ambiguous => ("ImageAmbiguous", ErrorCategory.InvalidArgument),
        ImageErrorKind.Conflict => ("ImageConflict", ErrorCategory.InvalidOperation),
        ImageErrorKind.InUse => ("ImageInUse", ErrorCategory.ResourceBusy),
        ImageErrorKind.Unauthorized => ("AuthenticationFailed", ErrorCategory.AuthenticationError),
        ImageErrorKind.Denied => ("AccessDenied", ErrorCategory.PermissionDenied),
        ImageErrorKind.RateLimited => ("RateLimited", ErrorCategory.LimitsExceeded),
        ImageErrorKind.Unavailable => ("RegistryUnavailable", ErrorCategory.ConnectionError),
        ImageErrorKind.Timeout => ("OperationTimeout", ErrorCategory.OperationTimeout),
        ImageErrorKind.Integrity => ("IntegrityFailure", ErrorCategory.SecurityError),
        ImageErrorKind.InvalidData => ("InvalidContent", ErrorCategory.InvalidData),
        ImageErrorKind.TooLarge => ("ContentTooLarge", ErrorCategory.LimitsExceeded),
        ImageErrorKind.NotSupported => ("NotSupported", ErrorCategory.NotImplemented),
        ImageErrorKind.StoreUnavailable => ("StoreUnavailable", ErrorCategory.ResourceUnavailable),
        ImageErrorKind.DockerError => ("DockerError", ErrorCategory.InvalidResult),
        ImageErrorKind.Incomplete => ("ImageIncomplete", ErrorCategory.InvalidData),
        ImageErrorKind.StoreLocked => ("StoreLocked", ErrorCategory.ResourceBusy),
        _ => ("UnexpectedError", ErrorCategory.NotSpecified),
    };

    private static ErrorRecord Make(Exception failure, string id, ErrorCategory category, object? target, string? advice)
    {
        var record = new ErrorRecord(failure, id, category, target);
        if (target is string { Length: > 0 } text && !PrintableText.IsPlain(text))
        {
            // Windows PowerShell shows it under the message; TargetObject is what the user gave (SF11).
            record.CategoryInfo.TargetName = PrintableText.Of(text);
        }

        if (!string.IsNullOrEmpty(advice))
        {
            var message = ShowsRecommendedAction ? Sentence(failure.Message) : Sentence(failure.Message) + " " + advice;
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = advice };
        }

        return record;
    }

    private static string Sentence(string message)
    {
        var text = message.TrimEnd();
        return text.Length == 0 || text[text.Length - 1] is '.' or '!' or '?' ? text : text + ".";
    }
}

/// <summary>An engine operation's failure on its way to the pipeline thread; tells it from what writing to the pipeline throws.</summary>
internal sealed class WorkFailedException : Exception
{
    public WorkFailedException(Exception cause)
        : base(cause.Message, cause)
    {
    }
}
