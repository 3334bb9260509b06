using System;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads what a credential helper wrote (docker-credential-helpers, credentials and client), and trusts none of it (RC3).
/// </summary>
internal static class HelperAnswer
{
    // credentials/error.go has the longer text; helpers that do not use that library say as much in fewer words. Nothing may follow:
    // "credentials not found: the keychain is locked" is a failure.
    private static readonly Regex NotFound = new(
        @"^credentials not found( in [^\r\n:]*)?\.?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>
    /// A credential (user <c>&lt;token&gt;</c> stands for an identity token), or null when the helper has none: an empty user and secret,
    /// or the text "credentials not found" with a failure code.
    /// </summary>
    /// <param name="output">All of standard output.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="server">What was asked for; null to take the answer for whatever it says it is for.</param>
    /// <exception cref="FormatException">Anything else; the message has no secret.</exception>
    public static RegistryCredential? Read(string output, int code, string? server)
    {
        output = output.Trim().TrimStart('\uFEFF');
        if (code != 0)
        {
            return IsNotFound(output) ? null : throw new FormatException(Failure("getting", code, output));
        }

        string user, secret, host;
        try
        {
            using var document = JsonDocument.Parse(output);
            var root = document.RootElement;
            user = Member(root, "Username") ?? throw Missing();
            secret = Member(root, "Secret") ?? throw Missing();
            host = Member(root, "ServerURL") ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Without the inner exception: it may quote the answer, which is a secret.
            throw new FormatException("error getting credentials: the answer is not the JSON of a credential helper");
        }

        if (server is not null && host.Length > 0 && !IsSameHost(host, server))
        {
            throw new FormatException(
                $"error getting credentials: asked for '{PrintableText.OfServer(server)}', the helper answered for " +
                    $"'{PrintableText.OfServer(host)}'");
        }

        // RFC 7617, section 2: neither may contain any.
        if (user.Any(char.IsControl) || secret.Any(char.IsControl))
        {
            throw new FormatException("error getting credentials: the answer has control characters in the user name or the secret");
        }

        return (user, secret) switch
        {
            (RegistryCredential.TokenUser, "") =>
                throw new FormatException("error getting credentials: the answer is an identity token without the token"),
            (RegistryCredential.TokenUser, _) => new("", "", secret),
            ("", "") => null,
            _ => new(user, secret),
        };
    }

    /// <summary>True for a failing helper's text that says only that it has nothing for the server.</summary>
    public static bool IsNotFound(string output) => NotFound.IsMatch(output.Trim());

    /// <summary>A failure in docker's words.</summary>
    /// <param name="deed">What was asked for: <c>getting</c>, <c>storing</c>, <c>erasing</c>.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="output">All of standard output, without secrets that are known.</param>
    public static string Failure(string deed, int code, string output) =>
        $"error {deed} credentials - err: exit status {code}, out: `{Shown(output.Trim())}`";

    // What an answer looks like is not shown even when the helper says that it failed.
    private static string Shown(string output) =>
        output.IndexOf("secret", StringComparison.OrdinalIgnoreCase) >= 0 || output.StartsWith("{", StringComparison.Ordinal)
            ? "(not shown: it may be an answer)"
            : PrintableText.OfServer(output);

    private static FormatException Missing() => new("error getting credentials: the answer has no Username and Secret");

    // Names in any case, the last one counts, as Go reads them.
    private static string? Member(JsonElement root, string name)
    {
        string? found = null;
        foreach (var member in root.EnumerateObject().Where(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            found = member.Value.GetString();
        }

        return found;
    }

    private static bool IsSameHost(string left, string right)
    {
        static string Host(string server)
        {
            var host = CredentialHost.Of(server).ToLowerInvariant();
            return host is DockerHub.LegacyRegistry or DockerHub.Host ? DockerHub.Registry : host;
        }

        return Host(left) == Host(right);
    }
}
