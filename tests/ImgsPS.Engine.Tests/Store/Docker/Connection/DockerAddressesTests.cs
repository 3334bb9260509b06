using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>
/// Which Engine -Store means. The order and the words are those of docker CLI 28.2.2, compared by hand with <c>docker context ls</c> and
/// <c>docker version</c>.
/// </summary>
public sealed class DockerAddressesTests : IDisposable
{
    private const string Host = "unix:///from/host.sock";
    private readonly DockerFolder _docker = new();

    public void Dispose() => _docker.Dispose();

    private static string PlatformDefault =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

    private DockerEndpoint Resolve(string store = "docker") => _docker.Addresses.Resolve(store);

    private ImageException Fails(string store = "docker") => Assert.Throws<ImageException>(() => Resolve(store));

    [Fact]
    public void DOCKER_HOST_comes_before_all_else()
    {
        _docker.Environment["DOCKER_HOST"] = Host;
        _docker.Environment["DOCKER_CONTEXT"] = "web1";
        _docker.Config("{\"currentContext\":\"web2\"}");
        var endpoint = Resolve();
        Assert.Equal((Host, "DOCKER_HOST", "docker"), (endpoint.Address, endpoint.Source, endpoint.Store));
        Assert.Equal((DockerAddressKind.Unix, "/from/host.sock"), (endpoint.Kind, endpoint.Path));
    }

    [Fact]
    public void DOCKER_CONTEXT_comes_before_the_current_context()
    {
        _docker.Environment["DOCKER_HOST"] = "";
        _docker.Environment["DOCKER_CONTEXT"] = "web1";
        _docker.Config("{\"currentContext\":\"web2\"}");
        _docker.Context("web1", "unix:///web1.sock");
        _docker.Context("web2", "unix:///web2.sock");
        var endpoint = Resolve("Docker");
        Assert.Equal(("unix:///web1.sock", "the context 'web1'", "docker"), (endpoint.Address, endpoint.Source, endpoint.Store));
    }

    [Theory]
    [InlineData("currentContext")]
    [InlineData("CurrentContext")]
    public void The_current_context_comes_before_the_default(string member)
    {
        _docker.Config($"{{\"{member}\":\"web2\"}}");
        _docker.Context("web2", "unix:///web2.sock");
        Assert.Equal("unix:///web2.sock", Resolve().Address);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"currentContext\":\"\"}")]
    [InlineData("{\"currentContext\":\"default\"}")]
    public void Without_anything_it_is_the_platforms_default(string? config)
    {
        if (config is not null)
        {
            _docker.Config(config);
        }

        var endpoint = Resolve();
        Assert.Equal((PlatformDefault, "the default"), (endpoint.Address, endpoint.Source));
        Assert.Null(endpoint.Tls);
    }

    [Fact]
    public void The_config_folder_is_that_of_the_home_without_the_variable()
    {
        using var home = new DockerFolder();
        home.Write(Path.Combine(".docker", "config.json"), "{\"currentContext\":\"web2\"}");
        home.Write(
            Path.Combine(".docker", "contexts", "meta", DockerFolder.Id("web2"), "meta.json"),
            "{\"Name\":\"web2\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///web2.sock\"}}}");
        home.Environment["DOCKER_CONFIG"] = null;
        home.Environment[RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "USERPROFILE" : "HOME"] = home.Root;
        Assert.Equal("unix:///web2.sock", home.Addresses.Resolve("docker").Address);
    }

    // docker warns and takes the default Docker Engine. Another Docker Engine than was meant is no place to remove images from.
    [Theory]
    [InlineData("{\"currentContext\":\"web1")]
    [InlineData("{\"currentContext\":1}")]
    [InlineData("[]")]
    public void A_broken_config_is_an_error_and_never_the_default(string config)
    {
        _docker.Config(config);
        var e = Fails();
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DOCKER_HOST", Host)]
    [InlineData("DOCKER_CONTEXT", "web1")]
    public void A_broken_config_does_not_matter_where_it_is_not_asked(string variable, string value)
    {
        _docker.Config("{");
        _docker.Context("web1", Host);
        _docker.Environment[variable] = value;
        Assert.Equal(Host, Resolve().Address);
        Assert.Equal(Host, Resolve("docker:web1").Address);
    }

    [Fact]
    public void A_named_context_comes_before_the_environment()
    {
        _docker.Environment["DOCKER_HOST"] = Host;
        _docker.Environment["DOCKER_CONTEXT"] = "web2";
        _docker.Environment["DOCKER_TLS_VERIFY"] = "1";
        _docker.Context("web1", "tcp://web1:2375");
        var endpoint = Resolve("DOCKER:web1");
        Assert.Equal(("tcp://web1:2375", "docker:web1", "the context 'web1'"), (endpoint.Address, endpoint.Store, endpoint.Source));
        Assert.Null(endpoint.Tls);
    }

    [Fact]
    public void The_context_default_is_the_environments()
    {
        _docker.Environment["DOCKER_CONTEXT"] = "web1";
        _docker.Config("{\"currentContext\":\"web1\"}");
        Assert.Equal(PlatformDefault, Resolve("docker:default").Address);
        _docker.Environment["DOCKER_HOST"] = Host;
        Assert.Equal(Host, Resolve("docker:default").Address);
    }

    [Theory]
    [InlineData("DOCKER_CONTEXT")]
    [InlineData("currentContext")]
    [InlineData("-Store")]
    public void An_unknown_context_says_who_named_it_and_lists_those_there_are(string origin)
    {
        _docker.Context("web2", "tcp://web2:2375");
        _docker.Context("web1", "tcp://web1:2375");
        _docker.Environment["DOCKER_CONTEXT"] = origin == "DOCKER_CONTEXT" ? "nope" : null;
        _docker.Config(origin == "currentContext" ? "{\"currentContext\":\"nope\"}" : "{}");
        var e = Fails(origin == "-Store" ? "docker:nope" : "docker");
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.Equal("context \"nope\": context not found", e.Message);
        Assert.Contains(origin, e.Advice, StringComparison.Ordinal);
        Assert.Contains("The contexts are: default, web1, web2.", e.Advice, StringComparison.Ordinal);
    }

    // cli/context/store, ValidateContextName.
    [Theory]
    [InlineData("a")]
    [InlineData("../web1")]
    [InlineData("web/1")]
    [InlineData("web\\1")]
    [InlineData(".web1")]
    [InlineData("web1\n")]
    [InlineData("web 1")]
    [InlineData("wéb1")]
    public void What_is_no_name_of_a_context_is_refused(string name)
    {
        // Even though such a file may exist.
        _docker.Meta(name, "{\"Name\":\"x\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///x.sock\"}}}");
        var e = Fails("docker:" + name);
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.EndsWith("is invalid, names are validated against regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"", e.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_name_is_refused() => Assert.Equal("context name cannot be empty", Fails("docker:").Message);

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"Name\":\"web1\",\"Endpoints\":{\"docker\":{\"Host\":1}}}")]
    [InlineData("{\"Name\":\"web1\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://x:1\",\"SkipTLSVerify\":\"yes\"}}}")]
    public void A_broken_context_is_an_error(string meta)
    {
        var path = _docker.Meta("web1", meta);
        var e = Fails("docker:web1");
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.StartsWith($"context \"web1\": parsing {path}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"Endpoints\":{}}")]
    [InlineData("{\"Endpoints\":{\"kubernetes\":{}}}")]
    public void A_context_without_an_endpoint_is_an_error(string meta)
    {
        _docker.Meta("web1", meta);
        Assert.Equal("context \"web1\": cannot find docker endpoint in context", Fails("docker:web1").Message);
    }

    [Fact]
    public void A_context_without_a_host_is_the_platforms_default()
    {
        _docker.Context("web1", null);
        Assert.Equal(PlatformDefault, Resolve("docker:web1").Address);
    }

    [Fact]
    public void A_context_has_the_TLS_files_of_its_folder()
    {
        _docker.Context("web1", "tcp://web1", false, null, "ca.pem", "cert.pem", "key.pem");
        var endpoint = Resolve("docker:web1");
        Assert.Equal(
            new DockerTls(_docker.TlsFile("web1", "ca.pem"), _docker.TlsFile("web1", "cert.pem"), _docker.TlsFile("web1", "key.pem"), false,
                null),
            endpoint.Tls);
        Assert.Equal("tcp://web1:2376", endpoint.Address);
    }

    [Fact]
    public void A_context_may_have_some_of_the_TLS_files()
    {
        _docker.Context("web1", "tcp://web1:1", false, null, "ca.pem");
        Assert.Equal(new DockerTls(_docker.TlsFile("web1", "ca.pem"), null, null, false, null), Resolve("docker:web1").Tls);
    }

    [Fact]
    public void A_context_that_skips_verification_has_TLS_without_files()
    {
        _docker.Context("web1", "tcp://web1:1", skipVerify: true);
        Assert.Equal(new DockerTls(null, null, null, true, null), Resolve("docker:web1").Tls);
    }

    // cli/flags/options.go: any value of the variables counts.
    [Theory]
    [InlineData("DOCKER_TLS", "1", true)]
    [InlineData("DOCKER_TLS", "0", true)]
    [InlineData("DOCKER_TLS_VERIFY", "1", false)]
    [InlineData("DOCKER_TLS_VERIFY", "false", false)]
    public void TLS_variables_turn_on_TLS_with_the_files_of_the_config_folder(string variable, string value, bool skipVerify)
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2376";
        _docker.Environment[variable] = value;
        var (ca, cert, key) = (_docker.Write("ca.pem", ""), _docker.Write("cert.pem", ""), _docker.Write("key.pem", ""));
        Assert.Equal(new DockerTls(ca, cert, key, skipVerify, null), Resolve().Tls);
        Assert.Equal(skipVerify ? DockerPrivacy.Unproven : DockerPrivacy.Private, Resolve().Privacy);
    }

    [Fact]
    public void DOCKER_TLS_does_not_undo_DOCKER_TLS_VERIFY()
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2376";
        _docker.Environment["DOCKER_TLS"] = "1";
        _docker.Environment["DOCKER_TLS_VERIFY"] = "1";
        _docker.Write("ca.pem", "");
        Assert.False(Resolve().Tls!.SkipVerify);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void An_empty_TLS_variable_does_not_count(string? value)
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2376";
        _docker.Environment["DOCKER_TLS_VERIFY"] = value;
        Assert.Null(Resolve().Tls);
    }

    [Fact]
    public void DOCKER_CERT_PATH_is_the_folder_of_the_files()
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2376";
        _docker.Environment["DOCKER_TLS_VERIFY"] = "1";
        _docker.Environment["DOCKER_CERT_PATH"] = Path.Combine(_docker.Root, "certs");
        var ca = _docker.Write(Path.Combine("certs", "ca.pem"), "");
        _docker.Write("cert.pem", "");
        Assert.Equal(new DockerTls(ca, null, null, false, null), Resolve().Tls);
    }

    [Fact]
    public void DOCKER_CERT_PATH_alone_is_no_TLS()
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2375";
        _docker.Environment["DOCKER_CERT_PATH"] = _docker.Root;
        _docker.Write("ca.pem", "");
        Assert.Null(Resolve().Tls);
    }

    [Theory]
    [InlineData("DOCKER_TLS")]
    [InlineData("DOCKER_TLS_VERIFY")]
    public void A_missing_ca_pem_is_an_error(string variable)
    {
        _docker.Environment["DOCKER_HOST"] = "tcp://web1:2376";
        _docker.Environment[variable] = "1";
        var e = Fails();
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Equal($"unable to resolve docker endpoint: open {Path.Combine(_docker.Root, "ca.pem")}: no such file or directory",
            e.Message);
    }

    [Theory]
    [InlineData(null, "tcp://localhost:2376")]
    [InlineData("", "tcp://localhost:2376")]
    [InlineData("tcp://", "tcp://localhost:2375")]
    [InlineData("tcp://web1", "tcp://web1:2375")]
    public void Ports_with_TLS_are_dockers(string? host, string address)
    {
        _docker.Environment["DOCKER_HOST"] = host;
        _docker.Environment["DOCKER_TLS"] = "1";
        _docker.Write("ca.pem", "");
        Assert.Equal(address, Resolve().Address);
        Assert.NotNull(Resolve().Tls);
    }

    [Fact]
    public void An_address_in_Store_takes_TLS_from_the_variables()
    {
        _docker.Environment["DOCKER_HOST"] = Host;
        var plain = Resolve("tcp://web1");
        Assert.Equal(("tcp://web1:2375", "tcp://web1", "-Store"), (plain.Address, plain.Store, plain.Source));
        Assert.Null(plain.Tls);

        _docker.Environment["DOCKER_TLS_VERIFY"] = "1";
        _docker.Write("ca.pem", "");
        var secure = Resolve("TCP://web1");
        Assert.Equal("tcp://web1:2376", secure.Address);
        Assert.NotNull(secure.Tls);
    }

    [Theory]
    [InlineData("unix:///x.sock")]
    [InlineData("ssh://web1")]
    public void TLS_variables_do_not_matter_where_there_is_no_TLS(string address)
    {
        _docker.Environment["DOCKER_TLS_VERIFY"] = "1";
        Assert.Null(Resolve(address).Tls);
    }

    [Fact]
    public void All_contexts_are_listed_with_the_default_first_and_without_broken_ones()
    {
        _docker.Context("web2", "ssh://admin@web2", description: "the second");
        _docker.Context("web1", "tcp://web1:2375");
        _docker.Context("bad1", "http://web1");
        _docker.Meta("bad2", "{");
        _docker.Meta("bad3", "{\"Name\":\"web1\",\"Endpoints\":{\"docker\":{}}}");
        _docker.Config("{\"currentContext\":\"web2\"}");
        Assert.Equal(
            [
                new DockerContext("default", PlatformDefault, null, false),
                new DockerContext("web1", "tcp://web1:2375", null, false),
                new DockerContext("web2", "ssh://admin@web2", "the second", true),
            ],
            _docker.Addresses.Contexts());
    }

    [Fact]
    public void DOCKER_HOST_makes_the_default_the_current_context()
    {
        _docker.Context("web1", "tcp://web1:2375");
        _docker.Config("{\"currentContext\":\"web1\"}");
        _docker.Environment["DOCKER_HOST"] = Host;
        Assert.Equal([("default", Host, true), ("web1", "tcp://web1:2375", false)], _docker.Addresses.Contexts()
            .Select(c => (c.Name, c.Address, c.IsCurrent)));
    }

    [Fact]
    public void Contexts_are_listed_without_a_folder_and_with_a_broken_config()
    {
        _docker.Config("{");
        Assert.Equal([new DockerContext("default", PlatformDefault, null, false)], _docker.Addresses.Contexts());
    }
}
