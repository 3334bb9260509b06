using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
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
            + "printf '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"s\"}' \"$server\" \"$server\"");
        Assert.Equal(new RegistryCredential("reg.example.com:5000", "s"), await GetAsync("test", "reg.example.com:5000"));
    }

    [SkippableFact]
    public async Task A_token_user_stands_for_an_identity_token()
    {
        Write("test", "echo '{\"Username\":\"<token>\",\"Secret\":\"abcd\"}'");
        Assert.Equal("abcd", (await GetAsync("test"))!.IdentityToken);
    }

    [SkippableTheory]
    [InlineData("credentials not found in native keychain")]
    [InlineData("credentials not found")]
    [InlineData("Credentials not found in the pass store.")]
    public async Task Not_found_is_anonymous(string text)
    {
        Write("test", $"echo '{text}'; exit 1");
        Assert.Null(await GetAsync("test"));
    }

    // docker logout leaves such entries in some helpers.
    [SkippableFact]
    public async Task An_empty_user_and_secret_are_anonymous()
    {
        Write("test", "echo '{\"ServerURL\":\"\",\"Username\":\"\",\"Secret\":\"\"}'");
        Assert.Null(await GetAsync("test"));
    }

    // Go reads names in any case.
    [SkippableFact]
    public async Task Names_of_members_are_read_in_any_case()
    {
        Write("test", "printf '\\357\\273\\277'; echo '{\"username\":\"u\",\"SECRET\":\"s\",\"more\":[1,{}]}'");
        Assert.Equal(new RegistryCredential("u", "s"), await GetAsync("test"));
    }

    [SkippableTheory]
    [InlineData("echo 'A specified logon session does not exist'; exit 1", "A specified logon session does not exist")]
    [InlineData("exit 1", "exit status 1")]
    [InlineData("exit 255", "exit status 255")]
    [InlineData("kill -9 $$", "exit status 137")]
    [InlineData("kill -TERM $$; sleep 5", "exit status 143")]
    [InlineData("echo 'credentials not found in native keychain'", "not the JSON")]
    [InlineData("echo 'credentials not found in native keychain' >&2; exit 1", "exit status 1")]
    [InlineData("echo 'credentials not found: the keychain is locked'; exit 1", "the keychain is locked")]
    [InlineData("echo 'no credentials server URL'; exit 1", "no credentials server URL")]
    [InlineData("printf 'a\\033[31mb\\r\\nc'; exit 2", "exit status 2")]
    [InlineData("echo 's3cret of the user' >&2; exit 3", "exit status 3")]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"s3cret\"}'; exit 4", "exit status 4, out: `(not shown")]
    [InlineData("echo '{\"Username\":\"u\",\"S'; exit 4", "exit status 4, out: `(not shown")]
    [InlineData("echo 'no JSON with a s3cret'", "not the JSON")]
    [InlineData("true", "not the JSON")]
    [InlineData("echo null", "not the JSON")]
    [InlineData("echo '[\"u\",\"s3cret\"]'", "not the JSON")]
    [InlineData("echo '{\"Username\":1,\"Secret\":\"s3cret\"}'", "not the JSON")]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"s3cret\"} {}'", "not the JSON")]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"s3cret\"'", "not the JSON")]
    [InlineData("echo '{}'", "has no Username and Secret")]
    [InlineData("echo '{\"Username\":\"u\",\"Password\":\"s3cret\"}'", "has no Username and Secret")]
    [InlineData("echo '{\"Username\":null,\"Secret\":\"s3cret\"}'", "has no Username and Secret")]
    [InlineData("echo '{\"Username\":\"<token>\",\"Secret\":\"\"}'", "an identity token without the token")]
    [InlineData("printf %s '{\"Username\":\"u\\r\\nHost: evil\",\"Secret\":\"s3cret\"}'", "control characters")]
    [InlineData("printf %s '{\"Username\":\"u\",\"Secret\":\"s3cret\\n\"}'", "control characters")]
    [InlineData("printf %s '{\"Username\":\"u\",\"Secret\":\"s3cret\\u0000\"}'", "control characters")]
    [InlineData("printf '{\"Username\":\"u\",\"Secret\":\"s3cret\\377\"}'", "not UTF-8")]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' x", "more than 1 MiB")]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo '{\"Username\":\"u\",\"Secret\":\"s3cret\"}'", "more than 1 MiB")]
    [InlineData("exec yes s3cret", "more than 1 MiB")]
    public async Task Any_other_failure_is_an_error(string script, string message)
    {
        Write("test", script);
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync("test"));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
        Assert.Contains("docker-credential-test", e.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("reg.example.com", "evil.example.com")]
    [InlineData("reg.example.com", "reg.example.com:5000")]
    [InlineData("reg.example.com", "https://reg.example.com.evil.org/")]
    [InlineData("reg.example.com", "https://reg.example.com@evil.org/")]
    [InlineData("https://index.docker.io/v1/", "https://docker.io.evil.org/v1/")]
    public async Task An_answer_for_another_server_is_an_error(string asked, string answered)
    {
        Write("test", $"echo '{{\"ServerURL\":\"{answered}\",\"Username\":\"u\",\"Secret\":\"s3cret\"}}'");
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync("test", asked));
        Assert.Contains($"asked for '{asked}', the helper answered for '{answered}'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("reg.example.com", "https://Reg.Example.com/v2/")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("https://index.docker.io/v1/", "registry-1.docker.io")]
    public async Task Other_names_of_the_same_server_are_its_own(string asked, string answered)
    {
        Write("test", $"echo '{{\"ServerURL\":\"{answered}\",\"Username\":\"u\",\"Secret\":\"s\"}}'");
        Assert.Equal("u", (await GetAsync("test", asked))!.UserName);
    }

    [SkippableTheory]
    [InlineData("exec 0<&-; ")]
    [InlineData("")]
    public async Task A_helper_that_never_reads_may_still_answer(string first)
    {
        Write("test", first + "sleep 0.2; echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
        Assert.Equal("u", (await GetAsync("test"))!.UserName);
    }

    // The agent that a helper starts lives on, and has the pipe.
    [SkippableFact]
    public async Task A_child_that_keeps_the_pipe_open_is_not_waited_for()
    {
        var file = Path.Combine(_folder, "child");
        Write("test", $"sleep 600 &\necho $! > {file}\necho '{{\"Username\":\"u\",\"Secret\":\"s\"}}'");
        try
        {
            Assert.Equal("u", (await GetAsync("test"))!.UserName);
            Assert.True(IsAlive(file), "the helper's child has ended, so the test shows nothing");
        }
        finally
        {
            using var child = Process.GetProcessById(Pid(file));
            child.Kill();
        }
    }

    [SkippableTheory]
    [InlineData("exec sleep 600")]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"s3cret\"}'; exec sleep 600")]
    [InlineData("exec >&- 2>&-; exec sleep 600")]
    public async Task A_helper_that_hangs_is_stopped(string script)
    {
        var file = Path.Combine(_folder, "self");
        Write("test", $"echo $$ > {file}\n{script}");

        // Time enough to write the file, on a busy machine too.
        var e = await Assert.ThrowsAsync<ImageException>(
            () => new CredentialHelper(TimeSpan.FromSeconds(3)).GetAsync("test", "x", CancellationToken.None));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains("did not answer within 3 s", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
        await EndsAsync(file);
    }

    [SkippableFact]
    public async Task A_helper_that_hangs_is_stopped_with_its_children()
    {
        var file = Path.Combine(_folder, "child");
        Write("test", $"sleep 600 &\necho $! > {file}\nwait");
        await Assert.ThrowsAsync<ImageException>(
            () => new CredentialHelper(TimeSpan.FromSeconds(3)).GetAsync("test", "x", CancellationToken.None));
        await EndsAsync(file);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("\u007fELF")]
    [NotUnderMono("mono starts what is no program, and it fails then")]
    public async Task A_file_that_is_no_program_is_an_error(string text)
    {
        Skip.If(OperatingSystem.IsWindows(), "files have no execute permission there");
        var file = Path.Combine(_folder, "docker-credential-test");
        File.WriteAllText(file, text);
        if (text.Length > 0 && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync("test"));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains("cannot be started", e.Message, StringComparison.Ordinal);
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
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("-n\n")]
    [InlineData("na\u0308me")]
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
    [InlineData("evil\u0085host")]
    [InlineData("evil\u001bhost")]
    public async Task A_server_with_a_line_break_is_refused(string server)
    {
        Write("test", "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => GetAsync("test", server))).Kind);
    }

    private static int Pid(string file) => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);

    // A program that has ended and was not waited for yet (Z) has ended.
    private static bool IsAlive(string file)
    {
        var stat = $"/proc/{Pid(file)}/stat";
        try
        {
            var text = File.ReadAllText(stat);
            return text[text.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException)
        {
            return false;
        }
    }

    private static async Task EndsAsync(string file)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "processes are looked up in /proc");
        while (IsAlive(file))
        {
            await Task.Delay(50);
        }
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
