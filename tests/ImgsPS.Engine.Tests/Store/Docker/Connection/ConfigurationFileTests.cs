using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>
/// Each file of Docker's configuration that is read, with anything in its place that a disk can have: it is used or it is an error that
/// names it, and nothing waits, is written, or shows what it read (SF5).
/// </summary>
public sealed class ConfigurationFileTests : IDisposable
{
    private const string Content = "s3cret";

    private static readonly Lazy<(string Ca, string Certificate, string Key)> Pem = new(() =>
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue(names: "localhost");
        return (authority.Pem, certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    });

    private readonly DockerFolder _docker = new();
    private readonly List<IDisposable> _open = [];

    public ConfigurationFileTests()
    {
        _docker.Write("ca.pem", Pem.Value.Ca);
        _docker.Write("cert.pem", Pem.Value.Certificate);
        _docker.Write("key.pem", Pem.Value.Key);
        _docker.Config("{\"auths\":{}}");
        _docker.Context("web1", "tcp://localhost:1");
    }

    public static IEnumerable<object[]> Cases =>
        from place in new[] { "config.json", "meta.json", "ca.pem", "cert.pem", "key.pem" }
        from what in new[]
        {
            "a link to it", "a link to nothing", "a link to itself", "a pipe", "a link to a pipe", "/dev/zero", "/dev/tty", "a socket",
            "a folder", "unreadable", "too large",
        }
        select new object[] { place, what };

    public void Dispose()
    {
        _open.ForEach(o => o.Dispose());
        _docker.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task What_is_in_a_files_place_is_used_or_named_and_never_waited_for(string place, string what)
    {
        Skip.If(OperatingSystem.IsWindows(), "pipes and devices of Unix");
        Skip.If(what == "/dev/tty" && !File.Exists(what), "there is no /dev/tty");
        Skip.If(what == "unreadable" && !OperatingSystem.IsLinux(), "setfsuid is Linux's");
        var path = place == "meta.json"
            ? Path.Combine(_docker.Root, "contexts", "meta", DockerFolder.Id("web1"), place)
            : Path.Combine(_docker.Root, place);
        var words = Put(what, path, out var before);

        // A minute is no limit that is tested: who hangs does so for ever.
        var failure = await Task.Run(() => Use(place, what == "unreadable")).WaitAsync(TimeSpan.FromMinutes(1));
        if (what == "a link to it")
        {
            Assert.Null(failure);
        }
        else
        {
            var error = Assert.IsType<ImageException>(failure);
            Assert.Contains(
                error.Kind, new[] { ImageErrorKind.StoreUnavailable, ImageErrorKind.InvalidData, ImageErrorKind.InvalidArgument });
            Assert.NotNull(error.Advice);
            Assert.DoesNotContain(Content, error + error.Advice, StringComparison.Ordinal);
            if (error.Kind != ImageErrorKind.InvalidArgument)
            {
                Assert.Contains(path, error.Message, StringComparison.Ordinal);
                Assert.Contains(words, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, Names());
    }

    // A folder with a context that is a pipe is listed all the same: completion must not hang.
    [SkippableFact]
    public async Task A_list_of_contexts_leaves_out_those_that_are_no_files()
    {
        Skip.If(OperatingSystem.IsWindows(), "pipes of Unix");
        _docker.Context("web2", "tcp://localhost:2");
        Put("a pipe", Path.Combine(_docker.Root, "contexts", "meta", DockerFolder.Id("web1"), "meta.json"), out _);
        var contexts = await Task.Run(() => _docker.Addresses.Contexts()).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["default", "web2"], contexts.Select(c => c.Name));
    }

    /// <summary>Reads the file as its reader does; what that threw, unless it came as far as to use it.</summary>
    private Exception? Use(string place, bool asNobody)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (asNobody)
            {
                _ = SetFileSystemUser(Environment.IsPrivilegedProcess ? 65534u : uint.MaxValue);
            }

            failure = Record.Exception(() => Read(place));
        });
        thread.Start();
        thread.Join();

        // Nobody answers on the other side of the stream: TLS material was good.
        return failure is ImageException { Message: var message } && message.Contains("tls: the handshake failed", StringComparison.Ordinal)
            ? null : failure;
    }

    private void Read(string place)
    {
        switch (place)
        {
            case "config.json":
                new DockerConfigFile(name => name == "DOCKER_CONFIG" ? _docker.Root : null).Read();
                break;
            case "meta.json":
                new DockerContexts(_docker.Root).Read("web1", "-Store");
                break;
            default:
                string Of(string name) => Path.Combine(_docker.Root, name);
                var tls = new DockerTls(Of("ca.pem"), Of("cert.pem"), Of("key.pem"), false, null);
                var endpoint = DockerAddress.Parse("tcp://localhost:1", "docker", "DOCKER_HOST", () => tls, tlsPort: true);
                new DockerTlsClient(endpoint, TimeSpan.FromMinutes(1)).OpenAsync(new MemoryStream(), CancellationToken.None)
                    .GetAwaiter().GetResult();
                break;
        }
    }

    /// <summary>Puts something in the place of a file; the words for it, and the names that are in the folder then.</summary>
    private string Put(string what, string path, out string before)
    {
        var aside = Path.Combine(_docker.Root, "aside");
        File.Move(path, aside);
        var words = "";
        switch (what)
        {
            case "a link to it":
                File.CreateSymbolicLink(path, aside);
                break;
            case "a link to nothing":
                File.CreateSymbolicLink(path, Path.Combine(_docker.Root, "nothing"));
                break;
            case "a link to itself":
                File.CreateSymbolicLink(path, path);
                break;
            case "a pipe":
                Assert.Equal(0, MakePipe(path, 0x1B6));
                words = "is a named pipe, not a file";
                break;
            case "a link to a pipe":
                Assert.Equal(0, MakePipe(aside + ".pipe", 0x1B6));
                File.CreateSymbolicLink(path, aside + ".pipe");
                words = "is a named pipe, not a file";
                break;
            case "/dev/zero":
                File.CreateSymbolicLink(path, what);
                words = "is a device, not a file";
                break;
            case "/dev/tty":
                // A process without a terminal can't even open it.
                File.CreateSymbolicLink(path, what);
                break;
            case "a socket":
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                _open.Add(socket);
                socket.Bind(new UnixDomainSocketEndPoint(aside + ".s"));
                File.CreateSymbolicLink(path, aside + ".s");
                break;
            case "a folder":
                Directory.CreateDirectory(path);
                words = path.EndsWith("config.json", StringComparison.Ordinal) ? "is a directory" : "is a folder, not a file";
                break;
            case "unreadable":
                // The file itself is what cannot be read.
                File.Copy(aside, path);
#pragma warning disable CA1416 // Skipped on Windows.
                File.SetUnixFileMode(_docker.Root, (UnixFileMode)0x1ED);
                File.SetUnixFileMode(path, UnixFileMode.None);
#pragma warning restore CA1416
                words = "permission denied";
                break;
            default:
                File.WriteAllText(path, Content + new string(' ', 5 << 20));
                words = "is larger than ";
                break;
        }

        before = Names();
        return words;
    }

    private string Names() => string.Join("\n", Directory.EnumerateFileSystemEntries(_docker.Root, "*", SearchOption.AllDirectories)
        .OrderBy(n => n, StringComparer.Ordinal)
        .Select(n => $"{n} {new FileInfo(n).LinkTarget} {File.GetAttributes(n)} {File.GetLastWriteTimeUtc(n):O}"));

    [DllImport("libc", EntryPoint = "mkfifo", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MakePipe(string path, uint mode);

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(uint user);
}
