using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>The forms that arguments of a Dockerfile's instruction have. Quotes and variables stay in them.</summary>
internal static class DockerfileWords
{
    // An escape of half a character, which Go reads as U+FFFD and .NET not at all; whole pairs and other escapes match too, and stay.
    private static readonly Regex s_halves = new(
        @"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
        RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(5));

    /// <summary>
    /// A list in JSON, whatever stands behind it; null for what is none, which docker takes as words or a line for the shell.
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: it has something else than texts.</exception>
    public static List<string>? Json(string text)
    {
        if (!text.StartsWith("[", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(
                s_halves.Replace(text, m => m.Groups["half"].Success ? "\\ufffd" : m.Value)));
            using var json = JsonDocument.ParseValue(ref reader);
            return json.RootElement.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String
                ? e.GetString()!
                : throw ConfigChanges.Wrong("When using JSON array syntax, arrays must be comprised of strings only.")).ToList();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary><c>NAME=VALUE NAME="A VALUE"</c>, or <c>NAME VALUE</c> as it was written once.</summary>
    /// <param name="name">The instruction.</param>
    /// <param name="text">Its arguments.</param>
    /// <param name="escape">What escapes.</param>
    /// <exception cref="ImageException">InvalidArgument: they have neither form.</exception>
    public static List<KeyValuePair<string, string>> Pairs(string name, string text, char escape)
    {
        var words = Quoted(text, escape);
        if (words.Count > 0 && words[0].IndexOf('=') < 0)
        {
            var (key, value) = Instruction.SplitFirst(text);
            return value.Length > 0 ? [new(key, value)] : throw ConfigChanges.Wrong($"{name} must have two arguments");
        }

        return words.ConvertAll(word => word.IndexOf('=') is >= 0 and var sign
            ? new KeyValuePair<string, string>(word.Substring(0, sign), word.Substring(sign + 1))
            : throw ConfigChanges.Wrong(
                $"Syntax error - can't find = in \"{PrintableText.Of(word)}\". Must be of the form: name=value"));
    }

    /// <summary>Words at blanks that stand in no quotes and behind no escape.</summary>
    private static List<string> Quoted(string text, char escape)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (quote == '\0' && char.IsWhiteSpace(text[i])))
            {
                if (word.Length > 0)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }

                continue;
            }

            var c = text[i];
            if (c == escape && quote != '\'')
            {
                // At the end it means nothing.
                if (i + 1 < text.Length)
                {
                    word.Append(c).Append(text[++i]);
                }

                continue;
            }

            word.Append(c);
            quote = c == quote ? '\0' : quote == '\0' && c is '"' or '\'' ? c : quote;
        }

        return words;
    }
}
