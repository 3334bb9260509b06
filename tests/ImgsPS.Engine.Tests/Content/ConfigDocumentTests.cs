using System;
using System.Linq;
using ImgsPS.Content;
using Xunit;
using static ImgsPS.Engine.Tests.Content.Documents;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>Config documents: L4, U9, U10, RN23, RA7.</summary>
public class ConfigDocumentTests
{
    private const string RootFS = "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + ZeroDigest + "\"]}";

    private static ConfigDocument Parse(string members) => ConfigDocument.Parse(Utf8("{" + members + "}"));

    private static ImageException Refused(string members) => Assert.Throws<ImageException>(() => Parse(members));

    [Fact]
    public void Config_says_what_the_image_is_and_runs()
    {
        var config = Parse("""
            "created":"2015-10-31T22:22:56.015925234Z","author":"A","os":"windows","architecture":"arm64","variant":"v8",
            "os.version":"10.0.20348.1","os.features":["win32k"],
            "config":{"User":"1:1","ExposedPorts":{"8080/tcp":{}},"Env":["A=1","B="],"Entrypoint":["/e"],"Cmd":["c","d"],
              "Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"k":"v","K":"V"},"StopSignal":"SIGKILL","Healthcheck":{"Test":[]}},
            "container_config":{"Cmd":["x"]},
            "history":[{"created":"2015-10-31T22:22:54Z","created_by":"RUN","author":"B","comment":"C"},{"empty_layer":true}],
            """ + RootFS);

        Assert.Equal(new DateTimeOffset(2015, 10, 31, 22, 22, 56, TimeSpan.Zero).AddTicks(0_159_252), config.Created);
        Assert.Equal("A", config.Author);
        Assert.Equal("windows", config.Platform!.OS);
        Assert.Equal("arm64", config.Platform.Architecture);
        Assert.Equal("v8", config.Platform.Variant);
        Assert.Equal("10.0.20348.1", config.Platform.OSVersion);
        Assert.Equal("win32k", Assert.Single(config.Platform.OSFeatures));
        Assert.Equal("1:1", config.User);
        Assert.Equal("8080/tcp", Assert.Single(config.ExposedPorts));
        Assert.Equal(new[] { "A=1", "B=" }, config.Env);
        Assert.Equal(new[] { "/e" }, config.Entrypoint);
        Assert.Equal(new[] { "c", "d" }, config.Cmd);
        Assert.Equal("/v", Assert.Single(config.Volumes));
        Assert.Equal("/w", config.WorkingDir);
        Assert.Equal("V", config.Labels["K"]);
        Assert.Equal("v", config.Labels["k"]);
        Assert.Equal("SIGKILL", config.StopSignal);
        Assert.Equal(Digest.Parse(ZeroDigest), Assert.Single(config.DiffIds));
        Assert.Equal(new ConfigHistory(new DateTimeOffset(2015, 10, 31, 22, 22, 54, TimeSpan.Zero), "RUN", "B", "C", false),
            config.History[0]);
        Assert.Equal(new ConfigHistory(null, null, null, null, true), config.History[1]);
        Assert.Empty(config.Deviations);
    }

    [Fact]
    public void Nulls_as_Go_writes_them_are_empty()
    {
        var config = Parse("""
            "os":"linux","architecture":"amd64","created":null,"author":null,"history":null,"os.features":null,
            "config":{"Labels":null,"Env":null,"Entrypoint":null,"Cmd":null,"Volumes":null,"ExposedPorts":null},
            "rootfs":{"type":"layers","diff_ids":null}
            """);
        Assert.Empty(config.Labels);
        Assert.Empty(config.DiffIds);
        Assert.Empty(config.Cmd);
        Assert.Null(config.Created);
        Assert.Empty(config.Deviations);
        Assert.Empty(Parse("\"config\":null," + RootFS).Labels);
    }

    [Theory]
    [InlineData("\"0001-01-01T00:00:00Z\"", false)]
    [InlineData("null", false)]
    [InlineData("\"\"", true)]
    [InlineData("\"yesterday\"", true)]
    [InlineData("\"2015-10-31\"", true)]
    [InlineData("\"2015-10-31 22:22:56Z\"", true)]
    [InlineData("\"2015-02-30T22:22:56Z\"", true)]
    [InlineData("\"0001-01-01T00:00:00+01:00\"", true)]
    [InlineData("1446330176", true)]
    public void Image_without_a_usable_created_is_read_and_has_none_L4(string created, bool deviates)
    {
        var config = Parse($"\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":{created},{RootFS}");
        Assert.Null(config.Created);
        Assert.Equal(deviates, config.Deviations.Count > 0);
    }

    [Theory]
    [InlineData("2015-10-31T22:22:56Z", "2015-10-31T22:22:56.0000000+00:00")]
    [InlineData("2015-10-31t22:22:56.5z", "2015-10-31T22:22:56.5000000+00:00")]
    [InlineData("2015-10-31T22:22:56.123456789012-08:30", "2015-10-31T22:22:56.1234567-08:30")]
    [InlineData("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.0000000+00:00")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999+00:00")]
    [InlineData("2015-10-31T23:00:00+23:59", "2015-10-30T23:01:00.0000000+00:00")]
    public void Times_are_RFC_3339(string text, string expected)
    {
        Assert.True(Rfc3339.TryParse(text, out var time));
        Assert.Equal(expected, time.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Z")]
    [InlineData("2015-10-31T22:22:56")]
    [InlineData("2015-10-31T22:22:56.Z")]
    [InlineData("2015-10-31T22:22:56.1xZ")]
    [InlineData("2015-10-31T22:22:56,5Z")]
    [InlineData("2015-10-31T24:00:00Z")]
    [InlineData("2015-10-31T22:22:60Z")]
    [InlineData("2015-10-31T22:22:56+24:00")]
    [InlineData("2015-10-31T22:22:56+0800")]
    [InlineData("2015-10-31T22:22:56 08:00")]
    [InlineData("02015-10-31T22:22:56Z")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("\u0662\u0660\u0661\u0665-10-31T22:22:56Z")]
    public void Other_times_are_none(string text) => Assert.False(Rfc3339.TryParse(text, out _));

    [Theory]
    [InlineData("\"Created\":\"x\"")]
    [InlineData("\"RootFS\":{}")]
    [InlineData("\"config\":{\"labels\":{}}")]
    [InlineData("\"config\":{\"ENV\":[]}")]
    [InlineData("\"config\":[]")]
    [InlineData("\"config\":{\"Labels\":{\"a\":1}}")]
    [InlineData("\"config\":{\"Labels\":{\"a\":\"1\",\"a\":\"2\"}}")]
    [InlineData("\"config\":{\"Env\":[7]}")]
    [InlineData("\"config\":{\"Cmd\":{}}")]
    [InlineData("\"config\":{\"Volumes\":[\"/v\"]}")]
    [InlineData("\"config\":{\"User\":1}")]
    [InlineData("\"history\":\"x\"")]
    [InlineData("\"history\":[{\"empty_layer\":\"yes\"}]")]
    [InlineData("\"os\":123")]
    [InlineData("\"os\":\"li\\u0007nux\"")]
    [InlineData("\"author\":{}")]
    public void Broken_members_are_refused_RN23(string member) =>
        Assert.Equal(ImageErrorKind.InvalidData, Refused(member + "," + RootFS).Kind);

    [Theory]
    [InlineData("\"os\":\"linux\"")]
    [InlineData("\"rootfs\":null")]
    public void Config_without_rootfs_is_refused_in_Dockers_words(string members) =>
        Assert.Contains("no RootFS key", Refused(members).Message, StringComparison.Ordinal);

    [Fact]
    public void Rootfs_of_another_type_and_broken_diff_ids_are_refused()
    {
        Assert.Equal(ImageErrorKind.InvalidData, Refused("\"rootfs\":{\"type\":\"layers+base\",\"diff_ids\":[]}").Kind);
        Assert.Equal(ImageErrorKind.InvalidData, Refused("\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../x\"]}").Kind);
        Assert.Contains("rootfs.diff_ids[0]", Refused("\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[7]}").Message,
            StringComparison.Ordinal);
        Assert.Equal(ImageErrorKind.NotSupported, Refused("\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"md5:00\"]}").Kind);
    }

    [Theory]
    [InlineData("\"os\":\"linux\"", "architecture")]
    [InlineData("\"architecture\":\"amd64\",\"os\":\"\"", "os")]
    public void Config_without_os_or_architecture_has_no_platform(string members, string missing)
    {
        var config = Parse(members + "," + RootFS);
        Assert.Null(config.Platform);
        Assert.Equal(missing + " is missing", Assert.Single(config.Deviations));
    }

    [Fact]
    public void Slips_that_docker_takes_are_taken_and_told()
    {
        var config =
            Parse("\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"foo\"],\"Cmd\":\"sh\"},\"rootfs\":{\"diff_ids\":[]}");
        Assert.Equal(new[] { "sh" }, config.Cmd);
        Assert.Equal(new[] { "foo" }, config.Env);
        Assert.Equal(3, config.Deviations.Count);
    }

    private static ConfigDocument WithConfig(string members) => Parse(
        $"\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{{{members}}},{RootFS}");

    [Fact]
    public void Healthcheck_has_its_times_in_nanoseconds()
    {
        var config = WithConfig("""
            "Healthcheck":{"Test":["CMD-SHELL","curl -f http://localhost"],"Interval":30000000000,"Timeout":1500000000,"StartPeriod":60000000000,
              "StartInterval":1,"Retries":3}
            """);

        Assert.Equal(new[] { "CMD-SHELL", "curl -f http://localhost" }, config.Healthcheck!.Test);
        Assert.Equal(TimeSpan.FromSeconds(30), config.Healthcheck.Interval);
        Assert.Equal(TimeSpan.FromSeconds(1.5), config.Healthcheck.Timeout);
        Assert.Equal(TimeSpan.FromMinutes(1), config.Healthcheck.StartPeriod);
        Assert.Equal(TimeSpan.FromTicks(1), config.Healthcheck.StartInterval);
        Assert.Equal(3, config.Healthcheck.Retries);
        Assert.Empty(config.Deviations);
    }

    [Fact]
    public void Healthcheck_with_zeros_has_docker_s_defaults()
    {
        var config = WithConfig("\"Healthcheck\":{\"Test\":[\"NONE\"],\"Interval\":0,\"Timeout\":null,\"Retries\":0}");

        Assert.Equal(new ConfigHealthcheck(config.Healthcheck!.Test, null, null, null, null, null), config.Healthcheck);
        Assert.Equal("NONE", Assert.Single(config.Healthcheck.Test));
        Assert.Empty(config.Deviations);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"Test\":[],\"Interval\":0}")]
    public void Healthcheck_that_says_nothing_is_none(string healthcheck)
    {
        var config = WithConfig("\"Healthcheck\":" + healthcheck);
        Assert.Null(config.Healthcheck);
        Assert.Empty(config.Deviations);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"Test\":\"x\"}")]
    [InlineData("{\"Test\":[1]}")]
    [InlineData("{\"Interval\":\"30s\"}")]
    [InlineData("{\"Interval\":-1}")]
    [InlineData("{\"Timeout\":1.5}")]
    [InlineData("{\"Retries\":3000000000}")]
    [InlineData("{\"test\":[\"x\"]}")]
    public void Broken_healthcheck_is_told_and_keeps_nothing_else_from_being_read(string healthcheck)
    {
        var config = WithConfig($"\"Cmd\":[\"sh\"],\"Healthcheck\":{healthcheck}");
        Assert.Null(config.Healthcheck);
        Assert.Equal("sh", Assert.Single(config.Cmd));
        Assert.Contains("config.Healthcheck", Assert.Single(config.Deviations), StringComparison.Ordinal);
    }

    [Fact]
    public void Shell_and_steps_for_images_built_on_it_are_read()
    {
        var config = WithConfig("\"Shell\":[\"powershell\",\"-Command\"],\"OnBuild\":[\"COPY . /app\",\"RUN make\"]");
        Assert.Equal(new[] { "powershell", "-Command" }, config.Shell);
        Assert.Equal(new[] { "COPY . /app", "RUN make" }, config.OnBuild);
        Assert.Empty(config.Deviations);
        Assert.Equal("sh", Assert.Single(WithConfig("\"Shell\":\"sh\",\"OnBuild\":null").Shell));
        Assert.Equal(ImageErrorKind.InvalidData, Refused("\"config\":{\"OnBuild\":{}}," + RootFS).Kind);
    }

    [Fact]
    public void More_than_8_MiB_is_refused_RN9() =>
        Assert.Equal(ImageErrorKind.TooLarge, Refused(RootFS + new string(' ', ConfigDocument.MaxSize)).Kind);

    [Fact]
    public void Number_of_layers_and_diff_ids_must_be_the_same_U9_RA7()
    {
        var config = Parse(RootFS);
        config.CheckLayers((Manifest)ManifestDocument.Parse(Utf8(OciManifest(Entry())), null));
        foreach (var layers in new[] { "", Repeat(Entry(), 2) })
        {
            var e = Assert.Throws<ImageException>(() =>
                config.CheckLayers((Manifest)ManifestDocument.Parse(Utf8(OciManifest(layers)), null)));
            Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
            Assert.StartsWith("layers from manifest don't match image configuration", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Chain_ids_hash_the_chain_below_and_the_diff_id_U10()
    {
        var diffIds = new[] { "a", "b", "c" }.Select(text => Digest.Of(Utf8(text))).ToArray();
        var chain = ConfigDocument.ChainIds(diffIds);
        Assert.Equal(diffIds[0], chain[0]);
        Assert.Equal(Digest.Of(Utf8(diffIds[0] + " " + diffIds[1])), chain[1]);
        // printf %s "$(printf %s "A B" | sha256sum) C" | sha256sum, with A, B, C the digests of a, b, c.
        Assert.Equal("sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106", chain[2].ToString());
        Assert.Empty(ConfigDocument.ChainIds(Array.Empty<Digest>()));
    }
}
