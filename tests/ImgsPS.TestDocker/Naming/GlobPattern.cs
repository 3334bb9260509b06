using System.Text;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>Go's path.Match (F9): <c>*</c> and <c>?</c> stop at <c>/</c>, classes, <c>\</c> escapes.</summary>
internal sealed class GlobPattern
{
    private readonly Regex _regex;

    /// <exception cref="DockerFailure">500 <c>syntax error in pattern</c>.</exception>
    public GlobPattern(string pattern)
    {
        var regex = new StringBuilder("\\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '[':
                    i = AddClass(regex, pattern, i + 1);
                    break;
                case '\\':
                    regex.Append(Regex.Escape(Next(pattern, ++i).ToString()));
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }

        _regex = new Regex(regex.Append("\\z").ToString(), RegexOptions.CultureInvariant);
    }

    /// <summary>True when the whole text matches.</summary>
    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>Adds a class whose first character is at <paramref name="at"/>; gives the place of its end.</summary>
    private static int AddClass(StringBuilder regex, string pattern, int at)
    {
        regex.Append('[');
        if (Next(pattern, at) == '^')
        {
            regex.Append('^');
            at++;
        }

        var any = false;
        while (!any || Next(pattern, at) != ']')
        {
            any = true;
            var low = Member(pattern, ref at);
            var high = low;
            if (Next(pattern, at) == '-')
            {
                at++;
                high = Member(pattern, ref at);
            }

            if (high < low)
            {
                throw Syntax();
            }

            regex.Append($"\\u{(int)low:x4}-\\u{(int)high:x4}");
        }

        regex.Append(']');
        return at;
    }

    private static char Member(string pattern, ref int at)
    {
        var c = Next(pattern, at++);
        return c switch
        {
            '-' or ']' => throw Syntax(),
            '\\' => Next(pattern, at++),
            _ => c,
        };
    }

    private static char Next(string pattern, int at) => at < pattern.Length ? pattern[at] : throw Syntax();

    private static DockerFailure Syntax() => new(500, "syntax error in pattern");
}
