using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>The config file is other tools' too, and in any state (RC1). "dTpw" is u:p.</summary>
public sealed class DockerConfigFileTests : IDisposable
{
    private const string Good = "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}}}";

    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string?> _environment = [];

    public DockerConfigFileTests() => _environment["DOCKER_CONFIG"] = _folder;

    private string File => Path.Combine(_folder, "config.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_is_a_link_is_read()
    {
        var other = Path.Combine(_folder, "elsewhere.json");
        await System.IO.File.WriteAllTextAsync(other, Good);
        Link(File, other);
        Assert.Equal("u", (await FindAsync())!.UserName);
        Assert.Equal(other, new FileInfo(File).LinkTarget);
    }

    // The volume with the file is not mounted, say.
    [Fact]
    public async Task A_link_to_nowhere_is_an_error_and_not_an_empty_config()
    {
        Link(File, Path.Combine(_folder, "missing.json"));
        Assert.Contains("it is a link to a file that is not there", (await FailureAsync()).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_link_that_leads_to_itself_is_an_error()
    {
        Skip.If(OperatingSystem.IsWindows(), "the links of Unix");
        Link(File, File);
        await FailureAsync();
    }

    [SkippableFact]
    public async Task A_link_to_something_without_end_is_an_error()
    {
        Skip.IfNot(System.IO.File.Exists("/dev/zero"), "there is no /dev/zero");
        Link(File, "/dev/zero");
        Assert.EndsWith($"{File}: is a device, not a file", (await FailureAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_the_files_place_is_an_error()
    {
        Directory.CreateDirectory(File);
        Assert.Contains($"{File}: is a directory", (await FailureAsync()).Message, StringComparison.Ordinal);
    }

    // DOCKER_CONFIG=~/.docker/config.json is what people write; docker says no too (ENOTDIR).
    [Fact]
    public async Task A_file_in_the_folders_place_is_an_error()
    {
        await System.IO.File.WriteAllTextAsync(File, Good);
        _environment["DOCKER_CONFIG"] = File;
        Assert.Contains("it is not a folder", (await FailureAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_folder_is_no_config()
    {
        _environment["DOCKER_CONFIG"] = Path.Combine(_folder, "none", "at", "all");
        Assert.Null(await FindAsync());
    }

    // Root reads everything; a thread with another file system identity does not (setfsuid(2)).
    [SkippableTheory]
    [InlineData("config.json")]
    [InlineData(".")]
    public void A_file_without_permission_is_an_error(string closed)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "setfsuid is Linux's");
        System.IO.File.WriteAllText(File, Good);
        SetMode(closed, UnixFileMode.None);
        Exception? found = null;
        var thread = new Thread(() =>
        {
            _ = SetFileSystemUser(Environment.IsPrivilegedProcess ? 65534u : uint.MaxValue);
            found = Record.Exception(() => new DockerConfigFile(name => _environment.GetValueOrDefault(name)).Read());
        });
        thread.Start();
        thread.Join();
        SetMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var failure = Assert.IsType<ImageException>(found);
        Assert.Equal(ImageErrorKind.StoreUnavailable, failure.Kind);
        Assert.Contains("permission denied", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Advice);
    }

    public static IEnumerable<object[]> Encodings =>
        new object[] { new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UTF32Encoding() }
            .Select(e => new[] { e });

    // Editors on Windows, and Out-File of Windows PowerShell.
    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_byte_order_mark_is_no_content(Encoding encoding)
    {
        await System.IO.File.WriteAllTextAsync(File, Good, encoding);
        Assert.Equal("u", (await FindAsync())!.UserName);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("\uFEFF")]
    [InlineData("{}")]
    [InlineData("{\"auths\":null,\"credHelpers\":null,\"credsStore\":null}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{}}}")]
    public async Task An_empty_config_is_anonymous(string text)
    {
        await System.IO.File.WriteAllTextAsync(File, text, new UTF8Encoding(false));
        Assert.Null(await FindAsync());
    }

    [Fact]
    public async Task A_large_file_is_read_and_a_huge_one_is_an_error()
    {
        static string Padded(int length) => "{\"HttpHeaders\":{\"x\":\"" + new string('x', length) + "\"}," + Good[1..];
        await System.IO.File.WriteAllTextAsync(File, Padded(3 << 20));
        Assert.Equal("u", (await FindAsync())!.UserName);
        await System.IO.File.WriteAllTextAsync(File, Padded(5 << 20));
        Assert.Contains("larger than 4 MiB", (await FailureAsync(ImageErrorKind.InvalidData)).Message, StringComparison.Ordinal);
    }

    // Nothing writes the file yet: that comes with signing in. Until then it must only be readable as other tools leave it, and stay as it
    // is.
    [Fact]
    public async Task What_other_tools_keep_in_the_file_does_not_matter_and_stays()
    {
        const string Text = """
            {
            	"auths": { "reg.example.com": { "auth": "dTpw", "email": "a@b", "podman": { "x": [1, null] } } },
            	"HttpHeaders": { "X-Meta": "1" }, "psFormat": "table {{.ID}}", "detachKeys": "ctrl-x", "stackOrchestrator": 7,
            	"proxies": { "default": { "httpProxy": "http://proxy:3128" } }, "plugins": { "a": { "b": "c" } }, "aliases": [],
            	"experimental": "enabled", "features": { "buildkit": "true" }, "cliPluginsExtraDirs": ["/x"], "auths2": "no", "credHelpersOfPodman": 1
            }
            """;
        await System.IO.File.WriteAllTextAsync(File, Text);
        var before = new FileInfo(File).LastWriteTimeUtc;
        Assert.Equal("u", (await FindAsync())!.UserName);
        Assert.Equal(Text, await System.IO.File.ReadAllTextAsync(File));
        Assert.Equal(before, new FileInfo(File).LastWriteTimeUtc);
        Assert.Equal([File], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("u:p", "u", "p")]
    [InlineData("u:p:q:", "u", "p:q:")]
    [InlineData("u:", "u", "")]
    [InlineData("u:p\0\0", "u", "p")]
    [InlineData("\u00fc:\u65e5\u672c \"\\", "\u00fc", "\u65e5\u672c \"\\")]
    public async Task The_first_colon_ends_the_user(string auth, string user, string secret)
    {
        await System.IO.File.WriteAllTextAsync(
            File, "{\"auths\":{\"reg.example.com\":{\"auth\":\"" + Convert.ToBase64String(Encoding.UTF8.GetBytes(auth)) + "\"}}}");
        Assert.Equal(new RegistryCredential(user, secret), await FindAsync());
    }

    [Theory]
    [InlineData("\"auths\":{\"reg.example.com\":\"s3cret\"}")]
    [InlineData("\"auths\":{\"reg.example.com\":{\"auth\":[\"s3cret\"]}}")]
    [InlineData("\"auths\":{\"reg.example.com\":{\"identitytoken\":{\"s3cret\":1}}}")]
    [InlineData("\"auths\":\"s3cret\"")]
    [InlineData("\"credsStore\":[\"s3cret\"]")]
    [InlineData("\"credHelpers\":{\"reg.example.com\":1}")]
    [InlineData("\"credHelpers\":[\"s3cret\"]")]
    [InlineData("\"auths\":{\"s3cret\":{}},}")]
    [InlineData("\"auths\":{}}{\"s3cret\":1")]
    [InlineData("\"auths\":{} /* s3cret */")]
    [InlineData("\"auths\":{\"reg.example.com\":{\"auth\":\"s3cret\u0001\"}}")]
    public async Task Members_of_ours_that_are_broken_are_an_error_that_shows_nothing_of_them(string members)
    {
        await System.IO.File.WriteAllTextAsync(File, "{" + members + "}");
        var e = await FailureAsync(ImageErrorKind.InvalidData);
        Assert.StartsWith($"parsing config file ({File}): ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString() + e.Advice, StringComparison.Ordinal);
    }

    private Task<RegistryCredential?> FindAsync() =>
        new DockerCredentialStore(name => _environment.GetValueOrDefault(name), new CredentialHelper()).FindAsync(
            RegistryEndpoint.For("reg.example.com", RegistryOptions.Default), null, NullObserver.Instance, CancellationToken.None);

    private async Task<ImageException> FailureAsync(ImageErrorKind kind = ImageErrorKind.StoreUnavailable)
    {
        var e = await Assert.ThrowsAsync<ImageException>(FindAsync);
        Assert.Equal(kind, e.Kind);
        Assert.NotNull(e.Advice);
        return e;
    }

    private void SetMode(string name, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(Path.Combine(_folder, name), mode);
        }
    }

    private static void Link(string path, string target) => System.IO.File.CreateSymbolicLink(path, target);

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(uint user);
}
