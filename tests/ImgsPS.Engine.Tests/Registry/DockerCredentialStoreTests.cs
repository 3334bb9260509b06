using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Docker's config file and its order (RC1-RC3). "dTpw" is u:p, "djpx" is v:q.</summary>
public sealed class DockerCredentialStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("imgsps-config-").FullName;
    private readonly Dictionary<string, string?> _environment = [];
    private readonly FakeHelper _helper = new();
    private readonly RecordingObserver _observer = new();

    public DockerCredentialStoreTests() => _environment["DOCKER_CONFIG"] = _folder;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task No_file_is_no_credentials()
    {
        Assert.Null(await FindAsync("reg.example.com"));
        Write("");
        Assert.Null(await FindAsync("reg.example.com"));
        Write("{}");
        Assert.Null(await FindAsync("reg.example.com"));
    }

    [Fact]
    public async Task The_home_folder_counts_without_the_variable()
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".docker"));
        File.WriteAllText(Path.Combine(_folder, ".docker", "config.json"), "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}}}");
        _environment["DOCKER_CONFIG"] = null;
        _environment["HOME"] = _folder;
        Assert.Equal("u", (await FindAsync("reg.example.com"))!.UserName);
    }

    // RC1
    [Theory]
    [InlineData("}{")]
    [InlineData("[]")]
    [InlineData("{\"auths\":[]}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"c2VjcmV0\"}}}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"OnNlY3JldA==\"}}}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"!secret!\"}}}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"")]
    public async Task A_broken_file_is_an_error_that_shows_nothing_of_it(string text)
    {
        Write(text);
        var e = await Assert.ThrowsAsync<ImageException>(() => FindAsync("reg.example.com"));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains($"parsing config file ({Path.Combine(_folder, "config.json")}): ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("dTpw", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_an_error()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "config.json"));
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => FindAsync("reg.example.com"))).Kind);
    }

    // RC2
    [Fact]
    public async Task The_longest_path_wins()
    {
        Write("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"},\"reg.example.com/team\":{\"auth\":\"djpx\"}}}");
        Assert.Equal("v", (await FindAsync("reg.example.com", "team/app"))!.UserName);
        Assert.Equal("u", (await FindAsync("reg.example.com", "teams/app"))!.UserName);
        Assert.Equal("u", (await FindAsync("reg.example.com"))!.UserName);
        Assert.Null(await FindAsync("reg.example.com:5000", "team/app"));
        Assert.Null(await FindAsync("example.com"));
    }

    [Theory]
    [InlineData("https://index.docker.io/v1/")]
    [InlineData("index.docker.io")]
    [InlineData("docker.io")]
    [InlineData("https://index.docker.io/v1")]
    public async Task Docker_hub_has_many_names(string key)
    {
        Write("{\"auths\":{\"" + key + "\":{\"auth\":\"dTpw\"},\"https://index.docker.io/v1/access-token\":{\"auth\":\"djpx\"}}}");
        Assert.Equal("u", (await FindAsync("docker.io", "library/ubuntu"))!.UserName);
    }

    [Fact]
    public async Task A_helper_for_the_registry_beats_the_store_and_that_beats_the_file()
    {
        Write("{\"auths\":{\"a.example.com\":{\"auth\":\"dTpw\"},\"b.example.com\":{\"auth\":\"dTpw\"},\"c.example.com\":{\"auth\":\"dTpw\"}},"
            + "\"credsStore\":\"all\",\"credHelpers\":{\"a.example.com\":\"own\"}}");
        _helper.Answers[("own", "a.example.com")] = new("own", "x");
        _helper.Answers[("all", "a.example.com")] = new("all", "x");
        _helper.Answers[("all", "b.example.com")] = new("all", "x");
        Assert.Equal("own", (await FindAsync("a.example.com"))!.UserName);
        Assert.Equal("all", (await FindAsync("b.example.com"))!.UserName);
        Assert.Equal("u", (await FindAsync("c.example.com"))!.UserName);
    }

    // RC3
    [Fact]
    public async Task A_helper_that_fails_is_an_error_and_not_anonymous()
    {
        Write("{\"credsStore\":\"broken\"}");
        await Assert.ThrowsAsync<ImageException>(() => FindAsync("reg.example.com"));
    }

    [Fact]
    public async Task A_helper_that_fails_leaves_the_entry_of_the_file_and_says_so()
    {
        Write("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}},\"credsStore\":\"broken\"}");
        Assert.Equal("u", (await FindAsync("reg.example.com"))!.UserName);
        Assert.Contains("broken", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_variable_comes_first_and_a_wrong_one_is_set_aside_loudly()
    {
        Write("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}}}");
        _environment["DOCKER_AUTH_CONFIG"] = "{\"auths\":{\"reg.example.com\":{\"auth\":\"djpx\"}}}";
        Assert.Equal("v", (await FindAsync("reg.example.com"))!.UserName);
        Assert.Empty(_observer.Warnings);
        _environment["DOCKER_AUTH_CONFIG"] = "{\"auths\":{\"reg.example.com\":{\"username\":\"x\"}}}";
        Assert.Equal("u", (await FindAsync("reg.example.com"))!.UserName);
        Assert.Contains("unknown field \"username\"", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    // As docker CLI reads it (cli/config/configfile).
    [Theory]
    [InlineData("{\"auths\":{\"reg.example.com\":{}}}", "is missing key `auth` for reg.example.com")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"\"}}}", "is missing key `auth` for reg.example.com")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"OnA=\"}}}", "not the base64 of user:password")]
    [InlineData("{\"auths\":{},\"credsStore\":\"x\"}", "unknown field \"credsStore\"")]
    public void The_variable_is_read_strictly(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => DockerConfig.ParseEnvironment(text)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void An_empty_variable_is_an_empty_config() => Assert.Empty(DockerConfig.ParseEnvironment(" ").Auths);

    [Fact]
    public async Task Identity_and_registry_tokens_are_read()
    {
        Write("{\"AUTHS\":{\"reg.example.com\":{\"auth\":\"MDAwMDo=\",\"IdentityToken\":\"it\",\"registrytoken\":\"rt\"}}}");
        Assert.Equal(new RegistryCredential("0000", "", "it", "rt"), await FindAsync("reg.example.com"));
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder, "config.json"), text);

    private Task<RegistryCredential?> FindAsync(string registry, string? repository = null) =>
        new DockerCredentialStore(name => _environment.GetValueOrDefault(name), _helper)
            .FindAsync(RegistryEndpoint.For(registry, RegistryOptions.Default), repository, _observer, CancellationToken.None);

    private sealed class FakeHelper : ICredentialHelper
    {
        public Dictionary<(string Name, string Server), RegistryCredential> Answers { get; } = [];

        public Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken) => name == "broken"
            ? throw new ImageException(ImageErrorKind.Unauthorized, "docker-credential-broken is broken")
            : Task.FromResult(Answers.GetValueOrDefault((name, server)));
    }
}
