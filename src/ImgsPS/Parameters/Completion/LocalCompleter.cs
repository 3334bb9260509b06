using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using ImgsPS.Naming;

namespace ImgsPS.Completion;

/// <summary>
/// What all completers share: a failure means no suggestions, never a message; words are quoted when they need it; what a terminal would not
/// show as it is, is left out, and a tooltip is one line (SF11).
/// </summary>
public abstract class LocalCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            var word = (wordToComplete ?? "").Trim('\'', '"');
            return Suggest(word, fakeBoundParameters)
                .Where(suggestion => PrintableText.IsPlain(suggestion.Text))
                .Select(suggestion => new CompletionResult(
                    Quote(suggestion.Text), suggestion.Text, CompletionResultType.ParameterValue, ToolTip(suggestion)))
                .ToList();
        }
#pragma warning disable CA1031 // A completer that throws breaks the prompt; the user will see the reason when the command runs.
        catch (Exception)
#pragma warning restore CA1031
        {
            return Array.Empty<CompletionResult>();
        }
    }

    /// <summary>The suggestions for a word without its quotes.</summary>
    private protected abstract IEnumerable<Suggestion> Suggest(string word, IDictionary bound);

    /// <summary>True when <paramref name="text"/> goes on from <paramref name="word"/>.</summary>
    private protected static bool Fits(string text, string word) => text.StartsWith(word, StringComparison.OrdinalIgnoreCase);

    private static string ToolTip(Suggestion suggestion) =>
        PrintableText.Of(PrintableText.WithoutPassword(suggestion.ToolTip)) is { Length: > 0 } shown ? shown : suggestion.Text;

    private static string Quote(string text) =>
        text.All(c => c < 128 && (char.IsLetterOrDigit(c) || c is '.' or '_' or '/' or ':' or '-' or '@' or '+' or '='))
            && text[0] is not ('@' or '-')
            ? text
            : "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'";

    /// <param name="Text">The argument.</param>
    /// <param name="ToolTip">Never empty: PowerShell refuses that.</param>
    private protected sealed record Suggestion(string Text, string ToolTip);
}
