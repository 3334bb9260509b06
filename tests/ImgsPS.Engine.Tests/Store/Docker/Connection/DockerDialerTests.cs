using System;
using System.Globalization;
using System.IO;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

public sealed class DockerDialerTests : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_socket_is_connected()
    {
        var path = Path.Combine(_folder, "x.sock");
        using var server = new EchoServer(new UnixDomainSocketEndPoint(path));
        using var stream = await DialAsync("unix://" + path);
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Tcp_is_connected(string host)
    {
        using var server = new EchoServer(new IPEndPoint(IPAddress.Loopback, 0));
        using var stream = await DialAsync($"tcp://{host}:{server.Port}");
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [SkippableFact]
    public async Task Tcp_is_connected_over_IPv6()
    {
        Skip.IfNot(HasIPv6Loopback(), "no IPv6 on this machine");
        using var server = new EchoServer(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        using var stream = await DialAsync($"tcp://[::1]:{server.Port}");
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Theory]
    [InlineData("DOCKER_HOST", "DOCKER_HOST")]
    [InlineData("-Store", "-Store")]
    [InlineData("the context 'web1'", "docker context update")]
    [InlineData("the default", "docker context use")]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_Docker_Engine_that_is_not_there_is_told_with_the_address_and_its_source(string source, string advice)
    {
        var address = "unix://" + Path.Combine(_folder, "none.sock");
        var e = await FailsAsync(address, source);
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Equal($"Cannot connect to the Docker daemon at {address} (from {source}). Is the docker daemon running?", e.Message);
        Assert.Contains(advice, e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_socket_that_nobody_listens_on_is_told()
    {
        var path = Path.Combine(_folder, "dead.sock");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Bound and never listening: ECONNREFUSED.
            socket.Bind(new UnixDomainSocketEndPoint(path));
            Assert.Equal(
                $"Cannot connect to the Docker daemon at unix://{path} (from DOCKER_HOST). Is the docker daemon running?",
                (await FailsAsync("unix://" + path)).Message);
        }
    }

    [Fact]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_file_that_is_no_socket_is_told()
    {
        var path = Path.Combine(_folder, "file");
        File.WriteAllText(path, "");
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await FailsAsync("unix://" + path)).Kind);
    }

    [SkippableFact]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_socket_without_rights_is_denied_in_dockers_words()
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "file modes");
        Skip.If(Environment.UserName == "root", "root may open every socket");
        var path = Path.Combine(_folder, "x.sock");
        using var server = new EchoServer(new UnixDomainSocketEndPoint(path));
#pragma warning disable CA1416 // skipped on Windows
        File.SetUnixFileMode(path, UnixFileMode.None);
#pragma warning restore CA1416
        var e = await FailsAsync("unix://" + path);
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.Equal($"permission denied while trying to connect to the Docker daemon socket at unix://{path} (from DOCKER_HOST)",
            e.Message);
    }

    [Theory]
    [InlineData("Unix", "add the user to the group of the socket")]
    [InlineData("Pipe", "docker-users")]
    public void Missing_rights_are_told_in_dockers_words(string kind, string advice)
    {
        var endpoint = new DockerEndpoint("docker", Enum.Parse<DockerAddressKind>(kind), "unix:///x.sock", "the default");
        var e = DockerFailure.Of(endpoint, new SocketException((int)SocketError.AccessDenied));
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.Equal("permission denied while trying to connect to the Docker daemon socket at unix:///x.sock (from the default)",
            e.Message);
        Assert.Contains(advice, e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    [NotUnderMono("Unix sockets are no part of .NET Framework")]
    public async Task A_path_that_is_too_long_for_a_socket_is_told()
    {
        var e = await FailsAsync("unix:///" + new string('x', 300));
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.Contains("too long", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_nobody_listens_on_is_told()
    {
        int port;
        using (var server = new EchoServer(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            port = server.Port;
        }

        var e = await FailsAsync($"tcp://127.0.0.1:{port}");
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Equal($"Cannot connect to the Docker daemon at tcp://127.0.0.1:{port} (from DOCKER_HOST). Is the docker daemon running?",
            e.Message);
    }

    // A listener with a full queue does not answer at all (Linux drops the SYN), as a host behind a firewall does.
    [SkippableFact]
    public async Task A_host_that_does_not_answer_is_given_up()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "other systems refuse when the queue is full");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var point = (IPEndPoint)listener.LocalEndPoint!;
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(point);
        var e = await FailsAsync("tcp://127.0.0.1:" + point.Port.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.EndsWith("Is the docker daemon running? (no answer within a second)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_is_no_failure_of_Docker()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        foreach (var address in new[] { "unix:///none.sock", "tcp://127.0.0.1:1", "ssh://nobody" })
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new DockerDialer(Parse(address)).ConnectAsync(cancelled.Token));
        }
    }

    [SkippableFact]
    [NotUnderMono("named pipes are Windows' and skipped elsewhere")]
    public async Task A_pipe_is_connected()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "named pipes of Windows");
        var name = "imgsps-" + Guid.NewGuid().ToString("N");
        using var server = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        var accepted = server.WaitForConnectionAsync();
        using var stream = await DialAsync("npipe:////./pipe/" + name);
        await accepted;
        await stream.WriteAsync("hello"u8.ToArray());
        var buffer = new byte[5];
        await server.ReadExactlyAsync(buffer);
        Assert.Equal("hello"u8.ToArray(), buffer);
    }

    // SF14
    [SkippableFact]
    [NotUnderMono("named pipes are Windows' and skipped elsewhere")]
    public async Task A_pipe_of_ones_own_is_no_strangers()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "named pipes of Windows");
        var name = "imgsps-" + Guid.NewGuid().ToString("N");
        using var server = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        var accepted = server.WaitForConnectionAsync();
        Assert.Null(await new DockerDialer(Parse("npipe:////./pipe/" + name)).StrangerAsync(CancellationToken.None));
        await accepted;
        server.Disconnect();
        accepted = server.WaitForConnectionAsync();
        using var stream = await new DockerDialer(Parse("npipe:////./pipe/" + name)).ConnectForSecretsAsync(CancellationToken.None);
        await accepted;
    }

    [SkippableFact]
    [NotUnderMono("named pipes are Windows' and skipped elsewhere")]
    public async Task A_pipe_that_is_not_there_is_told()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "named pipes of Windows");
        var e = await FailsAsync("npipe:////./pipe/imgsps-none");
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
    }

    [SkippableFact]
    public async Task A_pipe_is_for_Windows_only()
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "it has them");
        var e = await FailsAsync("npipe:////./pipe/docker_engine");
        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.Contains("protocol not available", e.Message, StringComparison.Ordinal);
    }

    private static DockerEndpoint Parse(string address, string source = "DOCKER_HOST") =>
        DockerAddress.Parse(address, "docker", source, () => null, tlsPort: false);

    private static Task<Stream> DialAsync(string address) =>
        new DockerDialer(Parse(address)).ConnectAsync(CancellationToken.None).WaitAsync(Generous);

    private static Task<ImageException> FailsAsync(string address, string source = "DOCKER_HOST") => Assert.ThrowsAsync<ImageException>(
        () => new DockerDialer(Parse(address, source)).ConnectAsync(CancellationToken.None).WaitAsync(Generous));

    private static bool HasIPv6Loopback()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            // That is the answer.
            return false;
        }
    }
}
