using System;
using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Turns the messages of a pull or a push into what an observer understands (U1), without the secrets that Docker, or the registry behind
/// it, echoes (RN30). Not thread-safe; one per pull or push.
/// </summary>
internal sealed class DockerPullMessages(ImageReference reference, Secrets secrets, IOperationObserver observer, string verb = "pull")
{
    private const string Pulling = "Pulling from ";
    private const string MismatchWarning = "WARNING: ";

    private readonly List<string> _tags = new();
    private readonly Dictionary<string, string> _status = new(StringComparer.Ordinal);

    /// <summary>The tags that Docker began to pull, in its order.</summary>
    public IReadOnlyList<string> Tags => _tags;

    /// <summary>True when a message was a failure.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Tells one message.</summary>
    /// <exception cref="ImageException">The message is a failure.</exception>
    public void Tell(JsonElement message)
    {
        if (DockerJson.ErrorOf(message) is { } error)
        {
            HasFailed = true;
            throw DockerPullErrors.Of(new ImageException(ImageErrorKind.DockerError, secrets.Printable(error)), reference, verb);
        }

        if (DockerJson.Text(message, "status") is not { } status)
        {
            return;
        }

        status = secrets.Printable(status);
        var id = DockerJson.Text(message, "id");
        if (id is null)
        {
            TellAll(status);
        }
        else if (status.StartsWith(Pulling, StringComparison.Ordinal))
        {
            _tags.Add(id);
            observer.Verbose($"{Shown(id)}: {status}");
        }
        else
        {
            TellLayer(Shown(id), status, DockerJson.Get(message, "progressDetail"));
        }
    }

    private string Shown(string id) => PrintableText.Of(secrets.Mask(id));

    private void TellAll(string status)
    {
        if (status.StartsWith(MismatchWarning, StringComparison.Ordinal))
        {
            observer.Warning(status.Substring(MismatchWarning.Length));
            return;
        }

        observer.Verbose(status);
        if (status.StartsWith("Status: ", StringComparison.Ordinal))
        {
            observer.Verbose(reference.IsNameOnly ? reference.Name : reference.ToString());
        }
    }

    private void TellLayer(string item, string status, JsonElement detail)
    {
        // Downloading, Extracting and Pushing come many times; docker prints each other word once.
        var isNew = !_status.TryGetValue(item, out var former) || former != status;
        _status[item] = status;
        if (isNew && status is not ("Downloading" or "Extracting" or "Pushing"))
        {
            observer.Verbose($"{item}: {status}");
        }

        var total = DockerJson.Number(detail, "total");
        observer.Progress(new TransferProgress(
            reference.Familiar,
            item,
            status,
            DockerJson.Number(detail, "current"),
            total > 0 ? total : null,
            status is "Pull complete" or "Already exists" or "Pushed" or "Layer already exists"
                || status.StartsWith("Mounted from ", StringComparison.Ordinal)));
    }
}
