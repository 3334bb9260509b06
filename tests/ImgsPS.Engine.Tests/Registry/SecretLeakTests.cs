using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Everything that is said while a registry echoes what it was sent, wherever it can (RN30, RC4).</summary>
public sealed class SecretLeakTests : IAsyncDisposable
{
    private const string Secret = "k\"7/Zp+9 q?=aB<x";

    private readonly Server _server = Server.Start(new TestRegistryOptions { Auth = RegistryAuth.Bearer, Users = { ["bob"] = Secret } });
    private readonly RecordingObserver _observer = new();
    private readonly FixedCredentials _credentials = new(new RegistryCredential("bob", Secret));
    private readonly ImageReference _tag;
    private readonly List<string> _secrets = [Secret];

    public SecretLeakTests()
    {
        _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        _tag = ImageReference.Parse(_server.Host + "/team/app:1");
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    public static TheoryData<string, string, string> Echoes
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var auth in new[] { "basic", "bearer", "identity" })
            {
                foreach (var form in new[] { "plain", "percent", "form", "json", "relaxed", "base64", "base64url", "token" })
                {
                    foreach (var place in new[] { "body", "error", "warning", "challenge", "location", "query", "type", "document", "line",
                        "token" })
                    {
                        data.Add(auth, form, place);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Echoes))]
    public async Task What_a_server_echoes_is_not_shown(string auth, string form, string place)
    {
        _server.Options.Auth = auth == "basic" ? RegistryAuth.Basic : RegistryAuth.Bearer;
        var secret = Secret;
        if (auth == "identity")
        {
            secret = _server.AddIdentityToken("bob");
            _credentials.Credential = new RegistryCredential("", "", secret);
            _secrets.Add(secret);
        }

        using var client = TestClients.Client(_server.Host, store: _credentials);
        await client.GetManifestAsync(_tag, null, _observer, CancellationToken.None);
        var sent = _server.Requests[^1].Header("Authorization")!;
        _secrets.Add(sent.Split(' ')[1]);
        Add(place, Encode(form, secret, sent.Split(' ')[1]), _server);
        if (place == "token")
        {
            _server.RevokeTokens();
        }

        var failure = await Record.ExceptionAsync(() => client.GetManifestAsync(_tag, null, _observer, CancellationToken.None));
        var said = SecretSearch.Describe(failure) + _observer.Everything + string.Join("\n", _observer.ProgressPoints);
        SecretSearch.AssertNone(said, [.. _secrets]);

        // The echo came, and something was shown of it or of the request.
        Assert.NotEmpty(_observer.DebugLines);
    }

    [Fact]
    public async Task Credentials_in_a_proxys_address_are_used_and_not_shown()
    {
        await using var proxy = new RefusingProxy();
        var address = new Uri($"http://bob:{Uri.EscapeDataString(Secret)}@{proxy.Address}");
        using var client = TestClients.Client("reg.example.com", new RegistryOptions { Proxy = address },
            TestClients.Quick with { Tries = 1 });
        var failure = await Assert.ThrowsAsync<ImageException>(
            () => client.GetManifestAsync(ImageReference.Parse("reg.example.com/a:1"), null, _observer, CancellationToken.None));
        Assert.Contains("Proxy-Authorization: Basic " +
            Convert.ToBase64String(Encoding.UTF8.GetBytes("bob:" + Secret)), proxy.Asked, StringComparison.Ordinal);
        SecretSearch.AssertNone(SecretSearch.Describe(failure) + _observer.Everything, Secret);
    }

    // RC3, the class of CVE-2021-41092: a helper that fails leaves nothing that is sent anywhere; what is public comes all the same (FF16).
    [SkippableTheory]
    [InlineData("missing", null)]
    [InlineData("bad/name", null)]
    [InlineData("test", "exit 1")]
    [InlineData("test", "echo '{\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"bob\",\"Secret\":\"x\"}'")]
    [InlineData("test", "echo '{}'")]
    public async Task A_helper_that_fails_is_a_warning_and_sends_nothing_anywhere(string name, string? script)
    {
        Skip.If(OperatingSystem.IsWindows(), "the helper of this test is a shell script");
        await using var other = Server.Start();
        _server.Options.AnonymousPull = true;
        using var folder = new TempFolder();
        var unique = script is null ? name : name + Guid.NewGuid().ToString("N")[..8];
        var secret = JsonSerializer.Serialize(Convert.ToBase64String(Encoding.UTF8.GetBytes("bob:" + Secret)));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "config.json"),
            $$$"""{"auths":{"https://index.docker.io/v1/":{"auth":{{{secret}}} },"{{{other.Host}}}":{"auth":{{{secret}}} } },"credHelpers":{"{{{_server.Host}}}":"{{{unique}}}"} }""");
        var path = Environment.GetEnvironmentVariable("PATH");
        if (script is not null && !OperatingSystem.IsWindows())
        {
            var file = Path.Combine(folder, "docker-credential-" + unique);
            await File.WriteAllTextAsync(file, "#!/bin/sh\n" + script + "\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            Environment.SetEnvironmentVariable("PATH", folder + ":" + path);
        }

        try
        {
            var store = new DockerCredentialStore(v => v == "DOCKER_CONFIG" ? folder.Path : null, new CredentialHelper());
            using var client = TestClients.Client(_server.Host, store: store);
            Assert.NotNull(await client.GetManifestAsync(_tag, null, _observer, CancellationToken.None));
            Assert.Contains("is asked without credentials", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
            Assert.Empty(other.Requests);
            Assert.DoesNotContain(_server.Requests, r => r.Header("Authorization")?.StartsWith("Basic ", StringComparison.Ordinal) == true);

            // Where the registry refuses, the helper is named as the cause.
            _server.Options.AnonymousPull = false;
            _server.RevokeTokens();
            var failure = await Assert.ThrowsAsync<ImageException>(
                () => client.GetManifestAsync(_tag, null, _observer, CancellationToken.None));
            Assert.Equal(ImageErrorKind.Unauthorized, failure.Kind);
            Assert.Contains("No credentials were sent, because", failure.Advice, StringComparison.Ordinal);
            Assert.Contains(unique, failure.Advice, StringComparison.Ordinal);
            SecretSearch.AssertNone(SecretSearch.Describe(failure) + _observer.Everything, Secret);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    private static string Encode(string form, string secret, string sent) => form switch
    {
        "percent" => Uri.EscapeDataString(secret),
        "form" => WebUtility.UrlEncode(secret),
        "json" => JsonEncodedText.Encode(secret).ToString(),
        "relaxed" => JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(),
        "base64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret == Secret ? "bob:" + secret : secret)),
        "base64url" => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        "token" => sent,
        _ => secret,
    };

    private static void Add(string place, string echo, Server server)
    {
        var json = JsonSerializer.Serialize(echo);
        var (match, action) = place switch
        {
            "body" => ("manifests", FaultAction.Status(400, "you sent " + echo + "!")),
            "error" => ("manifests", FaultAction.Status(403, "{\"errors\":[{\"code\":\"DENIED\",\"message\":" + json + ",\"detail\":" +
                json + "}]}")),
            "warning" => ("manifests", FaultAction.Status(404, "", ("Warning", "299 - " + JsonSerializer.Serialize("you sent " + echo)))),
            "challenge" => ("manifests", FaultAction.Status(401, "",
                ("WWW-Authenticate", "Other realm=" + JsonSerializer.Serialize(echo)))),
            "location" => ("manifests", FaultAction.Status(307, "", ("Location", "ftp://host/" + echo))),
            "query" => ("manifests", FaultAction.Status(307, "", ("Location", server.Origin + "/elsewhere?a=" + echo))),
            "type" => ("manifests", FaultAction.Status(200, "{\"schemaVersion\":2,\"mediaType\":\"x/y\"}", ("Content-Type", echo))),
            "document" => ("manifests", FaultAction.Status(200, "{\"schemaVersion\":2,\"mediaType\":" + json + ",\"config\":" + json +
                "}", ("Content-Type", "application/vnd.oci.image.manifest.v1+json"))),
            "line" => ("manifests", FaultAction.Raw(Encoding.UTF8.GetBytes("HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n"))),
            _ => (" /token", FaultAction.Status(401, "{\"error\":" + json + ",\"error_description\":" + json + "}")),
        };
        server.Faults.Add(new Fault(match, action));
    }
}
