using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Disk;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry.Login;

/// <summary>Where credentials are kept and how the file is changed (LG2, LG3, LG6, LG7).</summary>
[Collection(nameof(CredentialHelperTests))]
public sealed class DockerLoginsTests : IDisposable
{
    private const string Key = "reg.example.com";

    private static readonly RegistryCredential Bob = new("bob", "s3cret-pw");

    private readonly TempFolder _folder = new();
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private readonly Dictionary<string, string?> _environment = [];
    private readonly RecordingObserver _observer = new();
    private readonly DockerLogins _logins;

    public DockerLoginsTests()
    {
        Environment.SetEnvironmentVariable("PATH", _folder.Path + Path.PathSeparator + _path);
        _environment["DOCKER_CONFIG"] = Path.Combine(_folder, "docker");
        Directory.CreateDirectory(_environment["DOCKER_CONFIG"]!);
        _logins = new DockerLogins(Variable, new CredentialHelper());
    }

    private string ConfigPath => Path.Combine(_environment["DOCKER_CONFIG"]!, "config.json");

    private string Config
    {
        get => File.ReadAllText(ConfigPath);
        set => File.WriteAllText(ConfigPath, value);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _folder.Dispose();
    }

    // LG2
    [Fact]
    public async Task Without_a_helper_config_json_has_it_for_this_user_alone_with_dockers_warning()
    {
        _environment["DOCKER_CONFIG"] = Path.Combine(_folder, "new", "docker");
        Assert.Equal(ConfigPath, await StoreAsync());
        Assert.Equal(Bob, await FindAsync());
        Assert.Contains("stored unencrypted in '" + ConfigPath, Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        Assert.Equal(["config.json"], Names());
        AssertRights(0x180);
        if (!NativeFiles.IsWindows)
        {
            Assert.Equal(0x1C0, Rights(_environment["DOCKER_CONFIG"]!));
        }
    }

    [SkippableTheory]
    [InlineData(0x1A4)]
    [InlineData(0x1B6)]
    [InlineData(0x180)]
    public async Task A_file_that_others_could_read_is_closed(int rights)
    {
        Skip.If(NativeFiles.IsWindows, "rights of Unix");
        Config = "{\"credsStore\":\"\"}";
        UnixNodes.SetRights(ConfigPath, rights);
        await StoreAsync();
        AssertRights(0x180);
        UnixNodes.SetRights(ConfigPath, rights);
        await EraseAsync();
        AssertRights(0x180);
    }

    // LG3
    [Theory]
    [InlineData("docker.io")]
    [InlineData("index.docker.io")]
    [InlineData("registry-1.docker.io")]
    [InlineData("https://index.docker.io/v1/")]
    [InlineData("https://docker.io")]
    [InlineData("DOCKER.io")]
    public async Task Docker_hub_has_one_key(string name)
    {
        Config = "{\"auths\":{\"docker.io\":{\"auth\":\"dTpw\"},\"index.docker.io\":{\"auth\":\"dTpw\"},"
            + "\"https://registry-1.docker.io\":{},\"https://index.docker.io/v1\":{},\"hub.example.com\":{}}}";
        await StoreAsync(name);
        Assert.Equal(["https://index.docker.io/v1/", "hub.example.com"], DockerConfig.Parse(Config).Entries.Keys);
        Assert.Equal(Bob, await FindAsync("docker.io"));
        await EraseAsync(name);
        Assert.Equal(["hub.example.com"], DockerConfig.Parse(Config).Entries.Keys);
    }

    [Theory]
    [InlineData("Reg.Example.com", Key)]
    [InlineData("https://reg.example.com", Key)]
    [InlineData("http://reg.example.com/v2/", Key)]
    [InlineData("registry://reg.example.com/", Key)]
    [InlineData(" reg.example.com ", Key)]
    [InlineData("reg.example.com:5000", "reg.example.com:5000")]
    [InlineData("localhost", "localhost")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    public void A_registry_is_named_in_many_forms(string text, string name) => Assert.Equal(name, RegistryLogin.NameOf(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("host")]
    [InlineData("ftp://reg.example.com")]
    [InlineData("https://bob:s3cret-pw@reg.example.com")]
    [InlineData("bob:s3cret-pw@reg.example.com")]
    [InlineData("reg.example.com/team")]
    [InlineData("https://reg.example.com/team/app:1")]
    [InlineData("reg.example.com?x=1")]
    [InlineData("reg example.com")]
    [InlineData("reg.example.com:port")]
    [InlineData("reg.example.com\n")]
    [InlineData("a\u001b[31m.example.com")]
    public void What_names_no_registry_is_refused_and_shows_no_password(string text)
    {
        if (text.EndsWith('\n'))
        {
            // A blank at an end is nobody's fault.
            Assert.Equal(Key, RegistryLogin.NameOf(text));
            return;
        }

        var e = Assert.Throws<ImageException>(() => RegistryLogin.NameOf(text));
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.DoesNotContain("s3cret", e.Message + e.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Theory]
    [InlineData("mine.azurecr.io", "00000000-0000-0000-0000-000000000000")]
    [InlineData("123.dkr.ecr.eu-west-1.amazonaws.com", "AWS")]
    [InlineData("public.ecr.aws", "AWS")]
    [InlineData("ghcr.io", "token")]
    [InlineData("eu.gcr.io", "oauth2accesstoken")]
    [InlineData("gcr.io", "oauth2accesstoken")]
    [InlineData("europe-docker.pkg.dev", "oauth2accesstoken")]
    [InlineData("docker.io", null)]
    [InlineData("reg.example.com", null)]
    [InlineData("evilghcr.io", null)]
    [InlineData("azurecr.io.example.com", null)]
    public void A_token_has_the_user_name_of_its_cloud(string registry, string? user) =>
        Assert.Equal(user, RegistryLogin.TokenUserOf(registry));

    [Theory]
    [InlineData("{\"auths\":")]
    [InlineData("{\"auths\":{}}x")]
    [InlineData("{} // no")]
    [InlineData("not json")]
    [InlineData("{\"auths\":{\"x\":{}},\"credsStore\":[]}")]
    [InlineData("{\"credHelpers\":{\"reg.example.com\":1}}")]
    public async Task A_broken_file_is_an_error_and_stays_as_it_is(string text)
    {
        Config = text;
        var e = await Assert.ThrowsAsync<ImageException>(() => StoreAsync());
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => EraseAsync())).Kind);
        Assert.Equal(text, Config);
        Assert.Equal(["config.json"], Names());
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_an_error_and_stay()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes("{\"x\":\""), 0xFF, 0xFE, .. Encoding.ASCII.GetBytes("\"}")];
        File.WriteAllBytes(ConfigPath, bytes);
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => StoreAsync())).Kind);
        Assert.Equal(bytes, File.ReadAllBytes(ConfigPath));
    }

    // Windows PowerShell writes them; docker reads none.
    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task A_byte_order_mark_goes_and_the_text_stays(string encoding)
    {
        File.WriteAllText(ConfigPath, "{\"HttpHeaders\":{\"a\":\"é\"}}", Encoding.GetEncoding(encoding));
        await StoreAsync();
        Assert.Equal((byte)'{', File.ReadAllBytes(ConfigPath)[0]);
        Assert.Contains("\"a\": \"é\"", Config, StringComparison.Ordinal);
        Assert.Equal(Bob, await FindAsync());
    }

    [SkippableFact]
    public async Task A_file_that_is_read_only_is_an_error_and_stays()
    {
        Skip.If(NativeFiles.IsWindows, "rights of Unix");
        Config = "{}";
        UnixNodes.SetRights(ConfigPath, 0x100);
        var e = await Assert.ThrowsAsync<ImageException>(() => StoreAsync());
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Contains("read-only", e.Message, StringComparison.Ordinal);
        Assert.Equal("{}", Config);
        Assert.Equal(["config.json"], Names());
    }

    [Fact]
    public async Task A_folder_in_its_place_is_an_error()
    {
        Directory.CreateDirectory(ConfigPath);
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => StoreAsync())).Kind);
    }

    // As docker does: the link stays, and what it leads to is the new file.
    [SkippableTheory]
    [InlineData("relative", 1)]
    [InlineData("absolute", 1)]
    [InlineData("relative", 3)]
    public async Task A_link_is_followed_and_stays(string kind, int links)
    {
        Skip.If(NativeFiles.IsWindows, "links of Unix");
        var target = Directory.CreateDirectory(Path.Combine(_folder, "dotfiles")).FullName;
        var file = Path.Combine(target, "docker.json");
        File.WriteAllText(file, "{\"x\":1}");
        var last = kind == "absolute" ? file : "../dotfiles/docker.json";
        for (var link = 1; link < links; link++)
        {
            UnixNodes.Link(last, Path.Combine(target, "link" + link));
            last = "../dotfiles/link" + link;
        }

        UnixNodes.Link(last, ConfigPath);
        await StoreAsync();
        Assert.Equal(last, new FileInfo(ConfigPath).LinkTarget);
        Assert.Contains("\"x\": 1", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(Bob, await FindAsync());
        Assert.Equal(links, Directory.GetFiles(target).Length);
    }

    [SkippableFact]
    public async Task A_link_to_nowhere_or_to_itself_is_an_error()
    {
        Skip.If(NativeFiles.IsWindows, "links of Unix");
        UnixNodes.Link("nothing.json", ConfigPath);
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => StoreAsync())).Kind);
        File.Delete(ConfigPath);
        UnixNodes.Link("config.json", ConfigPath);
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => StoreAsync())).Kind);
        Assert.Equal(["config.json"], Names());
    }

    // SF3: who owns the folder, or the link, could have root write elsewhere.
    [SkippableTheory]
    [InlineData("folder")]
    [InlineData("open folder")]
    [InlineData("target's folder")]
    public async Task An_elevated_user_writes_nothing_where_others_can_turn_it(string what)
    {
        Skip.IfNot(UnixNodes.IsRoot, "needs root");
        Config = "{}";
        var folder = _environment["DOCKER_CONFIG"]!;
        if (what == "target's folder")
        {
            folder = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
            File.Move(ConfigPath, Path.Combine(folder, "config.json"));
            UnixNodes.Link("../other/config.json", ConfigPath);
        }

        UnixNodes.SetRights(folder, what == "open folder" ? 0x1FF : 0x1C0);
        UnixNodes.SetOwner(folder, what == "open folder" ? 0 : 4242);
        var e = await Assert.ThrowsAsync<ImageException>(() => StoreAsync());
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Contains("not changed by an elevated user", e.Message, StringComparison.Ordinal);
        Assert.Equal("{}", Config);
    }

    // A process that was killed between the new file and the move over the old one.
    [Fact]
    public async Task What_a_killed_process_left_is_no_obstacle_and_goes()
    {
        Config = "{\"auths\":{\"other\":{}}}";
        File.WriteAllText(ConfigPath + "." + Guid.NewGuid().ToString("N") + ".imgsps-new", "{\"auths\":{\"reg.example.com\":{\"auth\":");
        File.WriteAllText(ConfigPath + ".imgsps-lock", "");
        File.WriteAllText(ConfigPath + ".mine", "x");
        await StoreAsync();
        Assert.Equal(["other", Key], DockerConfig.Parse(Config).Entries.Keys);
        Assert.Equal(["config.json", "config.json.mine"], Names().Where(name => !NativeFiles.IsWindows || !name.EndsWith("-lock")));
    }

    [Fact]
    public async Task Logins_side_by_side_lose_no_entry()
    {
        Config = "{\"auths\":{\"other\":{\"auth\":\"dTpw\"}},\"x\":1}";
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => StoreAsync($"r{i}.example.com"))));
        var entries = DockerConfig.Parse(Config).Entries.Keys;
        Assert.Equal(41, entries.Count());
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(
            () => i % 2 == 0 ? EraseAsync($"r{i}.example.com") : StoreAsync($"s{i}.example.com"))));
        entries = DockerConfig.Parse(Config).Entries.Keys;
        Assert.Equal(41, entries.Count());
        Assert.Contains("r1.example.com", entries);
        Assert.DoesNotContain("r2.example.com", entries);
        Assert.Contains("s3.example.com", entries);
        Assert.Contains("other", entries);
    }

    [Fact]
    public async Task A_lock_of_another_process_is_waited_for()
    {
        Config = "{}";
        Task login;
        using (var folder = NativeFiles.Current.OpenRoot(_environment["DOCKER_CONFIG"]!))
        using (var held = NativeFiles.Current.OpenFile(folder, "config.json.imgsps-lock", ConfigPath, FileUse.Lock, 0x180))
        {
            Assert.True(NativeFiles.Current.TryLock(held, ConfigPath));
            login = StoreAsync();
            await Task.Delay(100);
            Assert.False(login.IsCompleted);
            Assert.Equal("{}", Config);
        }

        await login;
        Assert.Equal(Bob, await FindAsync());
    }

    [SkippableTheory]
    [InlineData("{\"credsStore\":\"test\"}")]
    [InlineData("{\"credHelpers\":{\"reg.example.com\":\"test\"},\"credsStore\":\"broken\"}")]
    [InlineData("{\"credHelpers\":{\"reg.example.com\":\"test\",\"x\":\"broken\"},"
        + "\"auths\":{\"https://reg.example.com/v1/\":{\"auth\":\"dTpw\"}}}")]
    public async Task A_helper_keeps_it_and_the_file_has_no_secret(string config)
    {
        WriteKeeper();
        Config = config;
        Assert.Equal("docker-credential-test", await StoreAsync());
        Assert.Equal(["store", "{\"ServerURL\":\"reg.example.com\",\"Username\":\"bob\",\"Secret\":\"s3cret-pw\"}"], Calls());
        Assert.Equal("{}", System.Text.Json.JsonDocument.Parse(Config).RootElement.GetProperty("auths").GetProperty(Key).GetRawText());
        Assert.Empty(_observer.Warnings);
        Assert.Equal(Bob, await FindAsync());
        Assert.True(await EraseAsync());
        Assert.Equal(["get", Key, "erase", Key, "erase", "http://" + Key, "erase", "https://" + Key], Calls().Skip(2));
        Assert.Null(await FindAsync());
        Assert.DoesNotContain(Key + "\": {", Config, StringComparison.Ordinal);
    }

    // LG4
    [SkippableFact]
    public async Task A_helper_gets_an_identity_token_with_the_user_that_stands_for_it()
    {
        WriteKeeper();
        Config = "{\"credsStore\":\"test\"}";
        await StoreAsync(credential: new("", "", "refresh/+\"t"));
        Assert.Contains("\"Username\":\"<token>\",\"Secret\":\"refresh/+\\\"t\"", Calls()[1], StringComparison.Ordinal);
        Assert.Equal("refresh/+\"t", (await FindAsync())!.IdentityToken);
    }

    [SkippableTheory]
    [InlineData("cat; exit 1")]
    [InlineData("echo 'cannot keep s3cret-pw'; exit 3")]
    [InlineData("read x; echo \"$x\" | tail -c 15; exit 2")]
    [InlineData("echo s3cret-pw >&2; exit 1")]
    public async Task A_helper_that_fails_is_an_error_without_the_secret_and_nothing_is_stored(string script)
    {
        Write("test", script);
        Config = "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}},\"credsStore\":\"test\"}";
        var before = Config;
        var e = await Assert.ThrowsAsync<ImageException>(() => StoreAsync());
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.StartsWith("error storing credentials - err: exit status", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-pw", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Config);
    }

    [SkippableFact]
    public async Task A_helper_that_is_not_there_is_an_error_and_nothing_is_stored()
    {
        Config = "{\"credsStore\":\"no-such-helper\"}";
        var e = await Assert.ThrowsAsync<ImageException>(() => StoreAsync());
        Assert.Contains("\"docker-credential-no-such-helper\": executable file not found", e.Message, StringComparison.Ordinal);
        Assert.Equal("{\"credsStore\":\"no-such-helper\"}", Config);
    }

    // LG6
    [Fact]
    public async Task Who_is_not_signed_in_is_signed_out_without_a_word_and_the_file_is_not_written()
    {
        Assert.False(await EraseAsync());
        Assert.Empty(Names());
        Config = "{ \"auths\" : { \"other\":{} } }";
        Assert.False(await EraseAsync());
        Assert.Equal("{ \"auths\" : { \"other\":{} } }", Config);
        Assert.Empty(_observer.Warnings);
    }

    [SkippableFact]
    public async Task A_helper_that_has_nothing_or_fails_leaves_nothing_in_the_file()
    {
        Write("test", "echo 'credentials not found in native keychain'; exit 1");
        Config = "{\"auths\":{\"reg.example.com\":{}},\"credsStore\":\"test\"}";
        Assert.False(await EraseAsync());
        Write("test", "echo 'the keychain is locked'; exit 1");
        Config = "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}},\"credsStore\":\"test\"}";
        var e = await Assert.ThrowsAsync<ImageException>(() => EraseAsync());
        Assert.Equal("error erasing credentials - err: exit status 1, out: `the keychain is locked`", e.Message);
        Assert.DoesNotContain("dTpw", Config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_hubs_tokens_of_a_login_by_a_browser_go_too()
    {
        Config = "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"},\"https://index.docker.io/v1/access-token\":"
            + "{\"auth\":\"dTpw\"},\"https://index.docker.io/v1/refresh-token\":{\"auth\":\"dTpw\"},\"x\":{}}}";
        Assert.True(await EraseAsync("docker.io"));
        Assert.Equal(["x"], DockerConfig.Parse(Config).Entries.Keys);
    }

    [Fact]
    public async Task What_is_left_for_a_part_of_the_registry_is_told()
    {
        Config = "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"},\"reg.example.com/team\":{\"auth\":\"dTpw\"}}}";
        Assert.True(await EraseAsync());
        Assert.Contains("'reg.example.com/team'", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    // LG7
    [Fact]
    public async Task The_variable_is_never_written_and_what_it_hides_is_told()
    {
        const string variable = "{\"auths\":{\"reg.example.com\":{\"auth\":\"djpx\"}}}";
        _environment["DOCKER_AUTH_CONFIG"] = variable;
        await StoreAsync();
        Assert.Equal(variable, _environment["DOCKER_AUTH_CONFIG"]);
        Assert.Contains(_observer.Warnings, w => w.Contains("DOCKER_AUTH_CONFIG is set and takes precedence", StringComparison.Ordinal));
        Assert.Equal("v", (await FindAsync())!.UserName);
        _environment["DOCKER_AUTH_CONFIG"] = null;
        Assert.Equal(Bob, await FindAsync());
        _environment["DOCKER_AUTH_CONFIG"] = variable;
        await EraseAsync();
        Assert.Contains(_observer.Warnings, w => w.EndsWith("what it has for reg.example.com is still used.", StringComparison.Ordinal));
    }

    // LG8
    [Fact]
    public async Task What_wslc_keeps_is_not_read()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "wslc"));
        File.WriteAllText(
            Path.Combine(_folder, "wslc", "registry-credentials.json"), "{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}}}");
        var asked = new List<string>();
        var store = new DockerCredentialStore(
            name =>
            {
                asked.Add(name);
                return name == "LOCALAPPDATA" ? _folder.Path : Variable(name);
            },
            new CredentialHelper());
        Assert.Null(await store.FindAsync(Endpoint(Key), null, _observer, CancellationToken.None));
        Assert.Equal(["DOCKER_AUTH_CONFIG", "DOCKER_CONFIG"], asked.Distinct().OrderBy(name => name, StringComparer.Ordinal));
    }

    // docker takes the key as it stands, ImgsPS knows its other forms.
    [SkippableFact]
    public async Task A_helper_that_docker_would_not_ask_is_told()
    {
        WriteKeeper();
        Config = "{\"credHelpers\":{\"https://reg.example.com\":\"test\"}}";
        Assert.Equal(ConfigPath, await StoreAsync());
        Assert.Contains(_observer.Warnings, w => w.Contains("docker-credential-test", StringComparison.Ordinal));
    }

    [Fact]
    public void Registries_that_are_known_are_those_with_entries()
    {
        Config = "{\"auths\":{\"https://index.docker.io/v1/\":{},\"b.example.com\":{},\"https://A.example.com/v2/\":{},"
            + "\"c.example.com/team\":{},\"https://index.docker.io/v1/access-token\":{}},\"credHelpers\":{\"gcr.io\":\"x\"}}";
        Assert.Equal(["a.example.com", "b.example.com", "docker.io", "gcr.io"], _logins.Registries());
        Config = "{";
        Assert.Empty(_logins.Registries());
    }

    private string? Variable(string name) => _environment.TryGetValue(name, out var value) ? value : null;

    private Task<string> StoreAsync(string registry = Key, RegistryCredential? credential = null) =>
        _logins.StoreAsync(Endpoint(registry), credential ?? Bob, _observer, CancellationToken.None);

    private Task<bool> EraseAsync(string registry = Key) => _logins.EraseAsync(Endpoint(registry), _observer, CancellationToken.None);

    private Task<RegistryCredential?> FindAsync(string registry = Key) => new DockerCredentialStore(Variable, new CredentialHelper())
        .FindAsync(Endpoint(registry), null, _observer, CancellationToken.None);

    private static RegistryEndpoint Endpoint(string registry) =>
        RegistryEndpoint.For(RegistryLogin.NameOf(registry), RegistryOptions.Default);

    private IEnumerable<string> Names() => Directory.GetFileSystemEntries(_environment["DOCKER_CONFIG"]!)
        .Select(path => Path.GetFileName(path)).OrderBy(name => name, StringComparer.Ordinal);

    private void AssertRights(int rights)
    {
        if (!NativeFiles.IsWindows)
        {
            Assert.Equal(rights, Rights(ConfigPath));
        }
    }

    private static int Rights(string path)
    {
        using var handle = NativeFiles.Current.OpenAnywhere(path);
        return NativeFiles.Current.Status(handle, path).Rights;
    }

    private string[] Calls() => File.ReadAllLines(Path.Combine(_folder, "calls"));

    // A helper that keeps one credential in a file.
    private void WriteKeeper() => Write(
        "test",
        $"cd '{_folder.Path}'; read -r line; printf '%s\\n%s\\n' \"$1\" \"$line\" >> calls\n"
        + "case $1 in\nstore) printf %s \"$line\" > kept;;\nget) [ -f kept ] && cat kept || { echo 'credentials not found'; exit 1; };;\n"
        + "erase) rm -f kept;;\nesac");

    private void Write(string name, string script)
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "a script of Unix");
        var file = Path.Combine(_folder, "docker-credential-" + name);
        File.WriteAllText(file, "#!/bin/sh\n" + script + "\n");
        UnixNodes.SetRights(file, 0x1ED);
    }
}
