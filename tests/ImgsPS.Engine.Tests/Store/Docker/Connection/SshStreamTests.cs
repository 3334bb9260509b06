using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>ssh:// with a script named ssh on PATH in ssh's place.</summary>
public sealed class SshStreamTests : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task What_is_written_goes_in_and_what_comes_out_is_read()
    {
        Script("exec cat");
        using var stream = await DialAsync("ssh://web1");
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
        var large = new string('x', 500_000);
        Assert.Equal(large, await EchoServer.AskAsync(stream, large));
    }

    [SkippableFact]
    public async Task A_bridge_to_a_socket_is_a_connection()
    {
        var python = "/usr/bin/python3";
        Skip.IfNot(File.Exists(python), "the bridge is written in Python");
        var socket = Path.Combine(_folder, "x.sock");
        File.WriteAllText(
            Path.Combine(_folder, "bridge.py"),
            """
            import os, socket, sys, threading
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            def up():
                while data := os.read(0, 65536):
                    s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            threading.Thread(target=up, daemon=True).start()
            while data := s.recv(65536):
                os.write(1, data)
            """);
        Script($"exec {python} '{_folder.Path}/bridge.py' '{socket}'");
        using var server = new EchoServer(new UnixDomainSocketEndPoint(socket));
        using var stream = await DialAsync("ssh://web1");
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
        Assert.Equal("again", await EchoServer.AskAsync(stream, "again"));
    }

    // docker 28.2.2: "ssh -o ConnectTimeout=30 -T -- web1 docker system dial-stdio".
    [SkippableTheory]
    [InlineData("ssh://web1", "-o|ConnectTimeout=30|-T|--|web1|docker|system|dial-stdio")]
    [InlineData("ssh://admin@web1:2222", "-l|admin|-p|2222|-o|ConnectTimeout=30|-T|--|web1|docker|system|dial-stdio")]
    [InlineData("ssh://web1/run/x.sock", "-o|ConnectTimeout=30|-T|--|web1|docker|--host|unix:///run/x.sock|system|dial-stdio")]
    [InlineData("ssh://web1/a%20$(b)'\"\\", "-o|ConnectTimeout=30|-T|--|web1|docker|--host|'unix:///a $(b)'\"'\"'\"\\'|system|dial-stdio")]
    public async Task The_arguments_are_dockers(string address, string expected)
    {
        Script($"for a; do printf '%s\\n' \"$a\"; done > '{_folder.Path}/arguments'; exec cat");
        using var stream = await DialAsync(address);
        await EchoServer.AskAsync(stream);
        Assert.Equal(expected.Split('|'), File.ReadAllLines(Path.Combine(_folder, "arguments")));
    }

    // What a shell over there makes of a path must be that path again.
    [SkippableFact]
    public async Task A_path_reaches_the_other_side_as_it_is()
    {
        Script("while [ \"$1\" != -- ]; do shift; done; shift 2; docker() { printf '%s' \"$2\"; }; eval \"$*\"");
        using var stream = await DialAsync("ssh://web1/a%20$(id)%60id%60;'\"%5C%23*");
        using var reader = new StreamReader(stream);
        Assert.Equal("unix:///a $(id)`id`;'\"\\#*", await reader.ReadToEndAsync().WaitAsync(Generous));
    }

    [SkippableTheory]
    [InlineData("echo 'ssh: Could not resolve hostname web1' >&2; exit 255", "255", "stderr=ssh: Could not resolve hostname web1")]
    [InlineData("printf 'docker: not\\033[31m found' >&2; exit 127", "127", "stderr=docker: not?[31m found")]
    [InlineData("exit 1", "1", "stderr=")]
    public async Task A_failure_is_told_in_sshs_words(string script, string status, string end)
    {
        Script(script);
        using var stream = await DialAsync("ssh://web1");
        var e = await ReadFailsAsync(stream);
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.StartsWith(
            "error during connect to ssh://web1 (from DOCKER_HOST): command [ssh -o ConnectTimeout=30 -T -- web1 docker system dial-stdio] "
            + $"has exited with exit status {status}, make sure the URL is valid, and Docker 18.09 or later is installed on the remote " +
                "host: ",
            e.Message,
            StringComparison.Ordinal);
        Assert.EndsWith(end, e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_write_to_an_ssh_that_has_ended_is_told_in_its_words()
    {
        Script("echo refused >&2; exec 0<&-; exit 255");
        using var stream = await DialAsync("ssh://web1");
        var e = await Assert.ThrowsAsync<ImageException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await stream.WriteAsync(new byte[65536]).AsTask().WaitAsync(Generous);
            }
        });
        Assert.EndsWith("stderr=refused", e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_end_without_failure_is_the_end()
    {
        Script("exit 0");
        using var stream = await DialAsync("ssh://web1");
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Generous));
    }

    [SkippableFact]
    public async Task Much_on_standard_error_does_not_stop_the_connection()
    {
        Script("i=0; while [ $i -lt 3000 ]; do echo 'a long line of a banner that nobody reads at all, again and again' >&2; " +
            "i=$((i+1)); done; exec cat");
        using var stream = await DialAsync("ssh://web1");
        Assert.Equal("hello", await EchoServer.AskAsync(stream).WaitAsync(Generous));
    }

    [SkippableFact]
    public async Task A_read_that_hangs_can_be_cancelled_and_the_process_ends()
    {
        Script($"echo $$ > '{_folder.Path}/pid'; echo; exec sleep 600");
        using var stream = await DialAsync("ssh://web1");
        Assert.Equal(1, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Generous));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            stream.ReadAsync(new byte[1], cancel.Token).AsTask().WaitAsync(Generous));
        await AssertEndsAsync();
    }

    [SkippableFact]
    public async Task Disposing_ends_the_process()
    {
        Script($"echo $$ > '{_folder.Path}/pid'; echo; exec sleep 600");
        var stream = await DialAsync("ssh://web1");
        Assert.Equal(1, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Generous));
        stream.Dispose();
        stream.Dispose();
        await AssertEndsAsync();
    }

    [SkippableFact]
    public async Task Disposing_wakes_a_read_that_waits()
    {
        Script("exec sleep 600");
        var stream = await DialAsync("ssh://web1");
        var read = stream.ReadAsync(new byte[1]).AsTask();
        stream.Dispose();
        try
        {
            Assert.Equal(0, await read.WaitAsync(Generous));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Which of them is the platform's choice; that it wakes is ours.
            Assert.NotNull(e);
        }
    }

    [Fact]
    public async Task A_machine_without_ssh_is_told()
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => DialAsync("ssh://web1"));
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Contains("exec: \"ssh\": executable file not found in $PATH", e.Message, StringComparison.Ordinal);
    }

    // SF16
    [Theory]
    [InlineData(true, "-o BatchMode=yes -o ConnectTimeout=30 -T -- web1 docker system dial-stdio")]
    [InlineData(false, "-o ConnectTimeout=30 -T -- web1 docker system dial-stdio")]
    public void Ssh_asks_nothing_where_nobody_can_answer(bool isUnattended, string expected) => Assert.Equal(
        expected,
        string.Join(' ', SshCommand.Arguments(
            new DockerEndpoint("ssh://web1", DockerAddressKind.Ssh, "ssh://web1", "-Store") { Host = "web1", IsUnattended = isUnattended })));

    [Theory]
    [InlineData("a b", "\"a b\"")]
    [InlineData("a\\b", "\"a\\b\"")]
    [InlineData("a\\", "\"a\\\\\"")]
    [InlineData("a\"b", "\"a\\\"b\"")]
    [InlineData("a\\\"b", "\"a\\\\\\\"b\"")]
    [InlineData("", "\"\"")]
    [InlineData("plain", "plain")]
    public void Arguments_are_quoted_by_the_rules_of_Windows(string argument, string expected) =>
        Assert.Equal(expected, SshCommand.Join([argument]));

    private void Script(string body)
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "the fake ssh is a shell's script");
        var path = Path.Combine(_folder, "ssh");
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
#pragma warning disable CA1416 // skipped on Windows
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
    }

    private async Task<Stream> DialAsync(string address)
    {
        var endpoint = DockerAddress.Parse(address, "docker", "DOCKER_HOST", () => null, tlsPort: false);
        var dialer = new DockerDialer(endpoint, name => name == "PATH" ? _folder.Path : null, Generous);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await dialer.ConnectAsync(CancellationToken.None).WaitAsync(Generous);
            }
            catch (ImageException e) when (attempt < 10 && e.InnerException is System.ComponentModel.Win32Exception { NativeErrorCode: 26 })
            {
                // ETXTBSY: a process that another test started meanwhile still has the script open for writing.
                await Task.Delay(50);
            }
        }
    }

    private static Task<ImageException> ReadFailsAsync(Stream stream) =>
        Assert.ThrowsAsync<ImageException>(() => stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Generous));

    private async Task AssertEndsAsync()
    {
        var id = int.Parse(File.ReadAllText(Path.Combine(_folder, "pid")), System.Globalization.CultureInfo.InvariantCulture);
        var watch = Stopwatch.StartNew();
        while (Process.GetProcesses().Any(p => p.Id == id))
        {
            Assert.True(watch.Elapsed < Generous, "ssh still runs");
            await Task.Delay(20);
        }
    }
}
