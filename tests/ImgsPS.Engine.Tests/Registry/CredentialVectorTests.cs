using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>tests/vectors/credentials.json: where docker finds credentials (RC1-RC3).</summary>
public sealed class CredentialVectorTests : IDisposable
{
    private const string File = "credentials.json";

    private readonly string _folder = Directory.CreateTempSubdirectory("imgsps-config-").FullName;

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public async Task Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        await RunAsync(op, vector.GetProperty("input"), vector.GetProperty("expect"));
    }

    private async Task RunAsync(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "convert-to-hostname":
                Assert.Equal(expect.GetProperty("hostname").GetString(), CredentialHost.Of(input.GetString()!));
                break;
            case "load-config":
                await LoadConfigAsync(input, expect);
                break;
            case "lookup":
                await LookupAsync(input, expect);
                break;
            case "get-all":
                await GetAllAsync(input, expect);
                break;
            case "parse-env":
                ParseEnvironment(input.GetString()!, expect);
                break;
            case "helper-get" or "lookup-helper":
                var protocol = input.Has("helperProtocol") ? input.GetProperty("helperProtocol") : input;
                Helper(protocol.Text("stdout") ?? "", protocol.GetProperty("exit").GetInt32(), expect);
                break;
            case "helper-lookup":
                await HelperLookupAsync(input, expect);
                break;
            case "lookup-order":
                Skip.If(input.ValueKind != JsonValueKind.String, "podman's other orders, for its files of old");
                var (registry, _, repository) = Cut(input.GetString()!);
                var keys = DockerCredentialStore.Keys(RegistryEndpoint.For(registry, RegistryOptions.Default), repository);

                // For Docker Hub docker's own key stands between them.
                Assert.Equal(
                    expect.Texts("keys"),
                    keys.Where(k => registry != "docker.io" || k.StartsWith("docker.io", StringComparison.Ordinal)));
                break;
            case "docker-login-interop":
                var config = input.Text("loginKey") is { } login ? "{\"auths\":{\"" + login + "\":{\"auth\":\"dTpw\"}}}" : "{}";
                Assert.Equal(expect.GetProperty("found").GetBoolean(), await FindAsync(config, input.Text("query")!) is not null);
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private async Task LoadConfigAsync(JsonElement input, JsonElement expect)
    {
        // Without a text there is no file.
        var text = input.ValueKind == JsonValueKind.String ? input.GetString()
            : input.Has("content") ? input.GetProperty("content").GetString()
            : null;
        var mode = input.Text("mode") is { } octal ? (UnixFileMode)Convert.ToInt32(octal, 8) : UnixFileMode.UserRead;
        if (!mode.HasFlag(UnixFileMode.UserRead))
        {
            Skip.If(OperatingSystem.IsWindows(), "file modes are Unix's");
            Skip.If(Environment.IsPrivilegedProcess, "root reads files of every mode");
            var path = Path.Combine(_folder, "config.json");
            await System.IO.File.WriteAllTextAsync(path, text);
            if (!OperatingSystem.IsWindows())
            {
                System.IO.File.SetUnixFileMode(path, mode);
            }

            var e = await Assert.ThrowsAsync<ImageException>(() => FindAsync(null, "example.com"));
            Assert.Contains(expect.Text("error")!, e.Message, StringComparison.Ordinal);
            return;
        }

        if (expect.Has("error"))
        {
            await Assert.ThrowsAsync<ImageException>(() => FindAsync(text, "example.com"));
            return;
        }

        var config = DockerConfig.Parse(text ?? "");
        var found = await FindAsync(text, expect.Text("lookup") ?? "example.com", new FakeHelper());
        if (expect.Has("lookup") || expect.Has("anonymous"))
        {
            AssertCredential(expect, found);
        }

        if (expect.Has("auths"))
        {
            Assert.Equal(expect.GetProperty("auths").EnumerateObject().Select(p => p.Name), config.Auths.Keys);
        }

        if (expect.Has("credsStore"))
        {
            Assert.Equal(expect.Text("credsStore"), config.CredsStore);
        }

        if (expect.Has("credHelpers"))
        {
            Assert.Equal(
                expect.GetProperty("credHelpers").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!),
                config.CredHelpers.ToDictionary(p => p.Key, p => p.Value));
        }
    }

    private async Task LookupAsync(JsonElement input, JsonElement expect)
    {
        var text = input.Has("configText") ? input.GetProperty("configText").GetString()
            : input.Has("config") && input.GetProperty("config").ValueKind != JsonValueKind.Null ? input.GetProperty("config").GetRawText()
            : null;
        if (input.Has("configIsDirectory"))
        {
            Directory.CreateDirectory(Path.Combine(_folder, "config.json"));
        }

        if (expect.Has("error"))
        {
            await Assert.ThrowsAsync<ImageException>(() => FindAsync(text, input.Text("key")!));
        }
        else
        {
            AssertCredential(expect, await FindAsync(text, input.Text("key")!));
        }
    }

    private static void ParseEnvironment(string text, JsonElement expect)
    {
        if (expect.Has("error"))
        {
            var e = Assert.Throws<FormatException>(() => DockerConfig.ParseEnvironment(text));
            Assert.Contains(expect.Text("error") ?? "", e.Message, StringComparison.Ordinal);
            return;
        }

        var auths = DockerConfig.ParseEnvironment(text).Auths;
        var expected = expect.Has("credentials") ? expect.GetProperty("credentials") : expect.Has("auths") ? expect.GetProperty("auths")
            : expect;
        foreach (var entry in expected.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
        {
            AssertCredential(entry.Value, auths[entry.Name]);
        }
    }

    // Listing all is asking for each: what is expected is found, and nothing of a helper that is not its registry's.
    private async Task GetAllAsync(JsonElement input, JsonElement expect)
    {
        var members = new[] { "auths", "credHelpers", "credsStore" }.Where(m => input.Has(m)).Select(
            m => $"\"{m}\":{input.GetProperty(m).GetRawText()}");
        var helper = new FakeHelper(input);
        var variable = input.Has("env") && input.GetProperty("env").Has("DOCKER_AUTH_CONFIG")
            ? input.GetProperty("env").GetProperty("DOCKER_AUTH_CONFIG").GetString()
            : null;
        var config = "{" + string.Join(",", members) + "}";
        var expected = expect.GetProperty("credentials").EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        foreach (var (key, credential) in expected)
        {
            AssertCredential(credential, await FindAsync(config, key, helper, variable));
        }

        var hosts = helper.Hosts.Concat(input.Has("credHelpers") ? input.GetProperty("credHelpers").EnumerateObject().Select(p => p.Name)
            : []);
        foreach (var host in hosts.Distinct(StringComparer.Ordinal).Where(h => !expected.ContainsKey(h)))
        {
            // RC3: docker's list leaves out what a broken helper keeps; whoever asks for just that is told.
            helper.LastFailure = null;
            var failed = await Record.ExceptionAsync(async () => Assert.Null(await FindAsync(config, host, helper, variable)));
            Assert.Equal(helper.LastFailure, failed);
        }
    }

    private async Task HelperLookupAsync(JsonElement input, JsonElement expect)
    {
        // The endpoint's key is what goes to the helper's standard input.
        var host = input.Text("host") == "registry-1.docker.io" ? "docker.io" : input.Text("host")!;
        var key = RegistryEndpoint.For(host, RegistryOptions.Default).CredentialKey;
        if (expect.Has("error"))
        {
            await Assert.ThrowsAsync<ImageException>(
                () => new CredentialHelper().GetAsync("missing-" + Guid.NewGuid().ToString("N"), host, CancellationToken.None));
            return;
        }

        var helper = new FakeHelper(expect, input.Text("stdinSent")!);
        var credential = await FindAsync("{\"credsStore\":\"test\"}", host, helper);
        if (input.Text("credHost") is { } own && own != key)
        {
            // regclient lets a host name another key; docker asks a helper by the registry's name.
            Assert.Equal(key, Assert.Single(helper.Asked));
            Assert.Null(credential);
            return;
        }

        Assert.Equal(input.Text("stdinSent"), Assert.Single(helper.Asked));
        Assert.Equal(expect.Text("user") ?? "", credential!.UserName);
        Assert.Equal(expect.Text("pass") ?? "", credential.Secret);
        Assert.Equal(expect.Text("token"), credential.IdentityToken);
    }

    private static void Helper(string output, int code, JsonElement expect)
    {
        if (expect.Has("error"))
        {
            var e = Assert.Throws<ImageException>(() => CredentialHelper.ReadAnswer("test", output, code));
            Assert.Contains(expect.Text("error") ?? "", e.Message, StringComparison.Ordinal);
            return;
        }

        AssertCredential(expect, CredentialHelper.ReadAnswer("test", output, code));
    }

    private static void AssertCredential(JsonElement expect, RegistryCredential? actual)
    {
        // An empty answer is none.
        if (expect.Has("anonymous") || (expect.Text("username") ?? expect.Text("password") ?? expect.Text("identitytoken")) is null)
        {
            Assert.Null(actual);
            return;
        }

        Assert.NotNull(actual);
        Assert.Equal(expect.Text("username") ?? "", actual.UserName);
        Assert.Equal(expect.Text("password") ?? "", actual.Secret);
        Assert.Equal(expect.Text("identitytoken"), actual.IdentityToken);
    }

    private async Task<RegistryCredential?> FindAsync(string? config, string key, ICredentialHelper? helper = null, string? variable = null)
    {
        if (config is not null)
        {
            await System.IO.File.WriteAllTextAsync(Path.Combine(_folder, "config.json"), config);
        }

        string? Variable(string name) => name switch { "DOCKER_CONFIG" => _folder, "DOCKER_AUTH_CONFIG" => variable, _ => null };
        var (host, isUrl, path) = Cut(key);
        var repository = isUrl ? null : path;
        return await new DockerCredentialStore(Variable, helper ?? new CredentialHelper())
            .FindAsync(RegistryEndpoint.For(host, RegistryOptions.Default), repository, NullObserver.Instance, CancellationToken.None);
    }

    private static (string Host, bool IsUrl, string? Path) Cut(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (CredentialHost.Of(key), key.Contains("://", StringComparison.Ordinal), slash < 0 ? null : key[(slash + 1)..]);
    }

    /// <summary>Helpers that keep what a case says; an entry (or a whole helper) with an error instead of credentials fails.</summary>
    private sealed class FakeHelper : ICredentialHelper
    {
        private static readonly string[] NotFailures = ["auths", "credHelpers", "credsStore", "env", "stores"];

        private readonly HashSet<string> _failing = new(StringComparer.Ordinal);
        private readonly Dictionary<(string Helper, string Server), RegistryCredential> _kept = [];

        public FakeHelper()
        {
        }

        public FakeHelper(JsonElement input)
        {
            foreach (var store in input.Has("stores") ? input.GetProperty("stores").EnumerateObject().ToArray() : [])
            {
                if (store.Value.ValueKind != JsonValueKind.Object || store.Value.Text("error") is not null)
                {
                    _failing.Add(store.Name);
                    continue;
                }

                foreach (var entry in store.Value.EnumerateObject())
                {
                    _kept[(store.Name, entry.Name)] = new(
                        entry.Value.Text("username") ?? "", entry.Value.Text("password") ?? "", entry.Value.Text("identitytoken"));
                    if (entry.Value.Has("error"))
                    {
                        _failing.Add(entry.Name);
                    }
                }
            }

            // Errors by helper or by registry: an object's names, or a list.
            foreach (var member in input.EnumerateObject().Where(
                m => !NotFailures.Contains(m.Name) && (m.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)))
            {
                _failing.UnionWith(
                    member.Value.ValueKind == JsonValueKind.Object
                        ? member.Value.EnumerateObject().Select(p => p.Name)
                        : member.Value.Strings());
            }
        }

        public FakeHelper(JsonElement answer, string server) =>
            _kept[("test", server)] = new(answer.Text("user") ?? "", answer.Text("pass") ?? "", answer.Text("token"));

        public List<string> Asked { get; } = [];

        public IEnumerable<string> Hosts => _kept.Keys.Select(k => k.Server);

        /// <summary>The failure that the last failing question ended with.</summary>
        public ImageException? LastFailure { get; set; }

        public Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
        {
            Asked.Add(server);
            if (_failing.Contains(name) || _failing.Contains(server))
            {
                LastFailure = new(ImageErrorKind.Unauthorized, "error getting credentials", null, null);
                throw LastFailure;
            }

            // As CredentialHelper reads it: an empty answer is none.
            return Task.FromResult(
                _kept.GetValueOrDefault((name, server)) is { } found && (found.UserName + found.Secret + found.IdentityToken).Length > 0
                    ? found
                    : null);
        }
    }
}
