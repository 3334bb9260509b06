using System;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>How addresses are read (docker CLI: opts/hosts.go, cli/connhelper/ssh).</summary>
public sealed class DockerAddressTests
{
    private static DockerEndpoint Parse(string address) =>
        DockerAddress.Parse(address, "docker", "DOCKER_HOST", () => null, tlsPort: false);

    [Theory]
    [InlineData("unix:///run/x.sock", "unix:///run/x.sock", "/run/x.sock")]
    [InlineData("unix://", "unix:///var/run/docker.sock", "/var/run/docker.sock")]
    [InlineData("unix://x.sock", "unix://x.sock", "x.sock")]
    [InlineData("  unix:///run/x y.sock ", "unix:///run/x y.sock", "/run/x y.sock")]
    public void Sockets(string text, string address, string path)
    {
        var endpoint = Parse(text);
        Assert.Equal((DockerAddressKind.Unix, address, path, (string?)null),
            (endpoint.Kind, endpoint.Address, endpoint.Path, endpoint.Host));
        Assert.Equal(DockerPrivacy.Private, endpoint.Privacy);
    }

    [Theory]
    [InlineData("npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine", ".", "docker_engine")]
    [InlineData("npipe://", "npipe:////./pipe/docker_engine", ".", "docker_engine")]
    [InlineData("npipe://\\\\.\\pipe\\x", "npipe:////./pipe/x", ".", "x")]
    [InlineData("npipe:////web1/pipe/x/y", "npipe:////web1/pipe/x/y", "web1", "x\\y")]
    public void Pipes(string text, string address, string host, string path)
    {
        var endpoint = Parse(text);
        Assert.Equal((DockerAddressKind.Pipe, address, host, path), (endpoint.Kind, endpoint.Address, endpoint.Host, endpoint.Path));
        Assert.Equal(host == "." ? DockerPrivacy.Private : DockerPrivacy.Open, endpoint.Privacy);
    }

    [Theory]
    [InlineData("tcp://web1:2376", "tcp://web1:2376", "web1", 2376)]
    [InlineData("tcp://web1", "tcp://web1:2375", "web1", 2375)]
    [InlineData("tcp://web1/", "tcp://web1:2375", "web1", 2375)]
    [InlineData("tcp://web1:", "tcp://web1:2375", "web1", 2375)]
    [InlineData("tcp://", "tcp://localhost:2375", "localhost", 2375)]
    [InlineData("tcp://:1", "tcp://localhost:1", "localhost", 1)]
    [InlineData("127.0.0.1:1", "tcp://127.0.0.1:1", "127.0.0.1", 1)]
    [InlineData(":1", "tcp://localhost:1", "localhost", 1)]
    [InlineData("web1", "tcp://web1:2375", "web1", 2375)]
    [InlineData("tcp://[::1]:1", "tcp://[::1]:1", "::1", 1)]
    [InlineData("tcp://[::1]:", "tcp://[::1]:2375", "::1", 2375)]
    [InlineData("tcp://[::1]", "tcp://[::1]:2375", "::1", 2375)]
    public void Tcp(string text, string address, string host, int port)
    {
        var endpoint = Parse(text);
        Assert.Equal((DockerAddressKind.Tcp, address, host, (int?)port), (endpoint.Kind, endpoint.Address, endpoint.Host, endpoint.Port));
        Assert.Equal(host != "web1" ? DockerPrivacy.Private : DockerPrivacy.Open, endpoint.Privacy);
    }

    // RC5, SF14: the one rule for registry credentials.
    [Theory]
    [InlineData("tcp://web1", null, "Open")]
    [InlineData("tcp://web1", true, "Unproven")]
    [InlineData("tcp://web1", false, "Private")]
    [InlineData("tcp://localhost", null, "Private")]
    [InlineData("tcp://[::1]", true, "Private")]
    [InlineData("tcp://127.0.0.1.example.com", null, "Open")]
    [InlineData("unix:///run/x.sock", null, "Private")]
    [InlineData("npipe:////./pipe/x", null, "Private")]
    [InlineData("npipe:////web1/pipe/x", null, "Open")]
    [InlineData("ssh://web1", null, "Private")]
    public void Who_could_read_what_is_sent(string text, bool? skipVerify, string privacy)
    {
        var tls = skipVerify is { } skip ? new DockerTls(null, null, null, skip, null) : null;
        Assert.Equal(privacy, DockerAddress.Parse(text, "docker", "-Store", () => tls, tlsPort: true).Privacy.ToString());
    }

    // SF14: SYSTEM, the administrators, the user; nobody else's pipe is Docker's.
    [Theory]
    [InlineData("S-1-5-18", true)]
    [InlineData("S-1-5-32-544", true)]
    [InlineData("S-1-5-21-1-2-3-1001", true)]
    [InlineData("S-1-5-21-1-2-3-1002", false)]
    [InlineData("S-1-5-32-545", false)]
    [InlineData("S-1-5-11", false)]
    [InlineData("S-1-5-19", false)]
    [InlineData(null, false)]
    public void Whose_pipe_a_password_goes_over(string? owner, bool trusted)
    {
        Assert.Equal(trusted, PipeOwner.IsTrusted(owner, "S-1-5-21-1-2-3-1001"));
        Assert.Equal(owner is "S-1-5-18" or "S-1-5-32-544", PipeOwner.IsTrusted(owner, null));
    }

    [Theory]
    [InlineData("ssh://web1", "ssh://web1", null, "web1", null, null)]
    [InlineData("ssh://admin@web1:2222", "ssh://admin@web1:2222", "admin", "web1", 2222, null)]
    [InlineData("ssh://admin@[::1]:22", "ssh://admin@[::1]:22", "admin", "::1", 22, null)]
    [InlineData("ssh://web1/", "ssh://web1", null, "web1", null, null)]
    [InlineData("ssh://web1/run/a%20b.sock", "ssh://web1/run/a b.sock", null, "web1", null, "/run/a b.sock")]
    public void Ssh(string text, string address, string? user, string host, int? port, string? path)
    {
        var endpoint = Parse(text);
        Assert.Equal(
            (DockerAddressKind.Ssh, address, user, host, port, path),
            (endpoint.Kind, endpoint.Address, endpoint.User, endpoint.Host, endpoint.Port, endpoint.Path));
    }

    [Theory]
    [InlineData("http://web1:2375", "invalid bind address format: http://web1:2375")]
    [InlineData("https://web1:2376", "invalid bind address format: https://web1:2376")]
    [InlineData("fd://x", "invalid bind address format: fd://x")]
    [InlineData("foo://x", "invalid bind address format: foo://x")]
    [InlineData("TCP://x", "invalid bind address format: TCP://x")]
    [InlineData("tcp://a:b", "parse \"tcp://a:b\": invalid port \":b\" after host")]
    [InlineData("tcp://a:99999", "parse \"tcp://a:99999\": invalid port \":99999\" after host")]
    [InlineData("tcp://a:0", "parse \"tcp://a:0\": invalid port \":0\" after host")]
    [InlineData("tcp://unix://x", "invalid proto, expected tcp: unix://x")]
    [InlineData("unix://tcp://x", "invalid proto, expected unix: tcp://x")]
    [InlineData("tcp://a/v1", "invalid bind address format: tcp://a/v1: a path is not supported")]
    [InlineData("tcp://::1", "parse \"tcp://::1\": invalid port \"::1\" after host")]
    [InlineData("tcp://[x]:1", "invalid bind address format: tcp://[x]:1")]
    [InlineData("tcp://a?b", "invalid bind address format: tcp://a?b")]
    [InlineData("npipe://x", "invalid bind address format: npipe://x")]
    [InlineData("npipe:////./pipe/", "invalid bind address format: npipe:////./pipe/")]
    [InlineData("npipe:////./x/y", "invalid bind address format: npipe:////./x/y")]
    [InlineData("ssh://", "ssh host connection is not valid: invalid SSH URL: hostname is empty")]
    [InlineData("ssh://u@", "ssh host connection is not valid: invalid SSH URL: hostname is empty")]
    [InlineData("ssh://h?x=1", "ssh host connection is not valid: invalid SSH URL: query parameters are not allowed: \"x=1\"")]
    [InlineData("ssh://h#x", "ssh host connection is not valid: invalid SSH URL: fragments are not allowed: \"x\"")]
    [InlineData("ssh://-oProxyCommand=x@h", "ssh host connection is not valid: invalid SSH URL: invalid user")]
    [InlineData("ssh://%2DoProxyCommand=x@h", "ssh host connection is not valid: invalid SSH URL: invalid user")]
    [InlineData("ssh://a%20b@h", "ssh host connection is not valid: invalid SSH URL: invalid user")]
    [InlineData("ssh://a%60b@h", "ssh host connection is not valid: invalid SSH URL: invalid user")]
    [InlineData("ssh://h/a%0Ab", "ssh host connection is not valid: invalid SSH URL: invalid path")]
    [InlineData("ssh://-oProxyCommand", "invalid bind address format: ssh://-oProxyCommand")]
    [InlineData("ssh://u@-v", "invalid bind address format: ssh://u@-v")]
    [InlineData("ssh://a;b", "invalid bind address format: ssh://a;b")]
    public void What_is_no_address_is_refused_in_dockers_words(string text, string message)
    {
        var e = Assert.Throws<ImageException>(() => Parse(text));
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.Equal(message, e.Message);
        Assert.Contains("DOCKER_HOST", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://admin:secret@web1:2376")]
    [InlineData("ssh://admin:secret@web1")]
    [InlineData("http://admin:secret@web1")]
    [InlineData("admin:secret@web1:1")]
    public void A_password_in_an_address_is_refused_and_not_shown(string text)
    {
        var e = Assert.Throws<ImageException>(() => Parse(text));
        Assert.DoesNotContain("secret", e.ToString() + e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_are_refused_and_not_shown()
    {
        var e = Assert.Throws<ImageException>(() => Parse("unix:///x\u001b[31m.sock"));
        Assert.DoesNotContain("\u001b", e.Message + e.Advice, StringComparison.Ordinal);
    }
}
