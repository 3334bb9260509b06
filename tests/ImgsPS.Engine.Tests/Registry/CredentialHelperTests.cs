using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Credential helpers are programs that may do anything (RC3).</summary>
[Collection(nameof(CredentialHelperTests))]
public sealed class CredentialHelperTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("imgsps-helper-").FullName;
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");

    public CredentialHelperTests() => Environment.SetEnvironmentVariable("PATH", _folder + Path.PathSeparator + _path);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task The_server_goes_in_by_standard_input_only()
    {
        Write(
            "test", "[ \"$#\" = 1 ] && [ \"$1\" = get ] || exit 9\nread server\n"
            + "printf '{\"ServerURL\":\"x\",\"Username\":\"%s\",\"Secret\":\"s\"}' \"$server\"");
        Assert.Equal(new RegistryCredential("reg.example.com:5000", "s"), await GetAsync("test", "reg.example.com:5000"));
    }

    [SkippableFact]
    public async Task A_token_user_stands_for_an_identity_token()
    {
        Write("test", "echo '{\"Username\":\"<token>\",\"Secret\":\"abcd\"}'");
        Assert.Equal("abcd", (await GetAsync("test"))!.IdentityToken);
    }

    [SkippableFact]
    public async Task Not_found_is_anonymous()
    {
        Write("test", "echo 'credentials not found in native keychain'; exit 1");
        Assert.Null(await GetAsync("test"));
    }

    [SkippableTheory]
    [InlineData("echo 'A specified logon session does not exist'; exit 1", "A specified logon session does not exist")]
    [InlineData("exit 1", "exit status 1")]
    [InlineData("echo 'no JSON with a s3cret'", "not the JSON")]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' x", "more than 1 MiB")]
    public async Task Any_other_failure_is_an_error(string script, string message)
    {
        Write("test", script);
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync("test"));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("docker-credential-test", e.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_helper_that_hangs_is_stopped()
    {
        Write("test", "exec sleep 100");
        var e = await Assert.ThrowsAsync<ImageException>(
            () => new CredentialHelper(TimeSpan.FromMilliseconds(300)).GetAsync("test", "x", CancellationToken.None));
        Assert.Contains("did not answer", e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Cancelling_stops_a_helper()
    {
        Write("test", "exec sleep 100");
        using var stop = new CancellationTokenSource(300);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new CredentialHelper().GetAsync("test", "x", stop.Token));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a b")]
    [InlineData("x;reboot")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("#no")]
    public async Task A_name_that_is_none_runs_nothing(string name) => await Assert.ThrowsAsync<ImageException>(() => GetAsync(name));

    [Fact]
    public async Task A_helper_that_is_missing_is_an_error()
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync("not-there"));
        Assert.Contains("executable file not found in $PATH", e.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("evil\nhost")]
    [InlineData("evil\rhost")]
    [InlineData("evil\0host")]
    public async Task A_server_with_a_line_break_is_refused(string server)
    {
        Write("test", "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => GetAsync("test", server))).Kind);
    }

    private static Task<RegistryCredential?> GetAsync(string name, string server = "reg.example.com") =>
        new CredentialHelper().GetAsync(name, server, CancellationToken.None);

    private void Write(string name, string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "the helper of this test is a shell script");
        var file = Path.Combine(_folder, "docker-credential-" + name);
        File.WriteAllText(file, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
