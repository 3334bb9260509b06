using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>An image of a plain tree of files, with the instructions that docker import allows (AR17).</summary>
public class TreeImportTests
{
    private static readonly byte[] s_tree = new TarBuilder().Folder("etc/").File("etc/hosts", "127.0.0.1 localhost").End();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Tar_becomes_the_one_layer_and_its_diff_id_is_that_of_the_tar_AR17(bool gzip, bool compress)
    {
        using var store = new TempStore();
        var input = gzip ? Gzip(s_tree) : s_tree;
        var image = Assert.Single(await ImportAsync(store, input, compress));

        var layer = Assert.Single(image.Layers);
        Assert.Equal(("tree:1", "Imported"), (image.Reference, image.Status));
        Assert.Equal(Digest.Of(s_tree).ToString(), layer.DiffId);
        Assert.Equal(!compress || gzip, layer.Digest == Digest.Of(input).ToString());
        Assert.Equal(
            gzip || compress ? "application/vnd.oci.image.layer.v1.tar+gzip" : "application/vnd.oci.image.layer.v1.tar", layer.MediaType);
        var identity = ImageIdentity.Of("tree:1");
        var history = Assert.Single(await store.Store.GetHistoryAsync(identity, null, store.Observer, CancellationToken.None));
        Assert.Equal("Imported from -", history.Comment);
        var config = await store.Store.GetConfigAsync(identity, null, store.Observer, CancellationToken.None);
        Assert.Equal(["/bin/sh", "-c", "run it"], config.Command);
        Assert.Equal(ImgsPS.Platforms.HostPlatform.Current, config.Platform);
        Assert.True(DateTimeOffset.UtcNow - image.Created < TimeSpan.FromHours(1));
        ImportTests.AssertNothingTemporary(store);
    }

    [Fact]
    public async Task Tree_with_devices_and_links_passes_through_as_data_RA4()
    {
        using var store = new TempStore();
        var tree = new TarBuilder().Add("dev/null", '3', []).Add("dev/sda", '4', []).Add("pipe", '6', []).Link("bin/sh", "/bin/busybox")
            .Link("evil", "../../etc/passwd").File(".wh.old", "").End();

        Assert.Equal(Digest.Of(tree).ToString(), Assert.Single(Assert.Single(await ImportAsync(store, tree, false)).Layers).Digest);
    }

    [Fact]
    public async Task Broken_tree_makes_no_image_RA6()
    {
        using var store = new TempStore();
        foreach (var tree in new[]
        {
            s_tree.Take(700).ToArray(), s_tree.Take(1536).ToArray(), [.. s_tree, 1], [.. Gzip(s_tree), 0], Gzip([.. s_tree, 1]), [],
            new byte[99],
            Gzip(s_tree).Take(40).ToArray(),
        })
        {
            Assert.Equal(
                ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, tree, false))).Kind);
        }

        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    public static TheoryData<string, string> Changes => new()
    {
        { "CMD [\"/app\", \"-x\"]", "{\"Cmd\":[\"/app\",\"-x\"]}" },
        { "cmd echo $HOME \"a b\"", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo $HOME \\u0022a b\\u0022\"]}" },
        { "CMD [not json", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[not json\"]}" },
        { "CMD []", "{\"Cmd\":[]}" },
        { "  ENTRYPOINT   [ \"/a\" ]  ", "{\"Entrypoint\":[\"/a\"]}" },
        { "ENTRYPOINT run", "{\"Entrypoint\":[\"/bin/sh\",\"-c\",\"run\"]}" },
        { "ENV A=1 B=\"x y\" C='p q' D=p\\ q E=", "{\"Env\":[\"A=1\",\"B=x y\",\"C=p q\",\"D=p q\",\"E=\"]}" },
        { "ENV A one two  three", "{\"Env\":[\"A=one two  three\"]}" },
        { "ENV A=1\nENV A=2", "{\"Env\":[\"A=2\"]}" },
        { "ENV A=1\nENV B=$A/x C=${A}y D=${N:-d} E=\\$A F='$A' G=$N.",
            "{\"Env\":[\"A=1\",\"B=1/x\",\"C=1y\",\"D=d\",\"E=$A\",\"F=$A\",\"G=.\"]}" },
        { "EXPOSE 80 53/udp 8000-8002",
            "{\"ExposedPorts\":{\"53/udp\":{},\"80/tcp\":{},\"8000/tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{}}}" },
        { "HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}" },
        { "HEALTHCHECK --interval=5s --timeout=1m --retries=3 CMD curl x",
            "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl x\"],\"Interval\":5000000000,\"Timeout\":60000000000,\"Retries\":3}}" },
        { "HEALTHCHECK --start-period=1s CMD [\"/c\"]", "{\"Healthcheck\":{\"Test\":[\"CMD\",\"/c\"],\"StartPeriod\":1000000000}}" },
        { "LABEL a=1 \"b c\"=\"d e\"", "{\"Labels\":{\"a\":\"1\",\"b c\":\"d e\"}}" },
        { "ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}" },
        { "STOPSIGNAL SIGTERM", "{\"StopSignal\":\"SIGTERM\"}" },
        { "STOPSIGNAL 9", "{\"StopSignal\":\"9\"}" },
        { "USER app:app", "{\"User\":\"app:app\"}" },
        { "VOLUME /a /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}" },
        { "VOLUME [\"/a b\"]", "{\"Volumes\":{\"/a b\":{}}}" },
        { "WORKDIR /a\nWORKDIR b\nWORKDIR ../c", "{\"WorkingDir\":\"/a/c\"}" },
        { "# nothing\n\nCMD \\\n x", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"x\"]}" },
        { "", "{}" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Change_is_taken_as_docker_takes_it_AR17(string change, string expected) => Assert.Equal(
        JsonNode.Parse(expected)!.ToJsonString(), ConfigOf(change, isWindows: false)["config"]!.ToJsonString());

    [Fact]
    public void Shell_of_windows_is_another() =>
        Assert.Equal("[\"cmd\",\"/S\",\"/C\",\"dir\"]", ConfigOf("CMD dir", isWindows: true)["config"]!["Cmd"]!.ToJsonString());

    [Theory]
    [InlineData("RUN x", "run is not a valid change command")]
    [InlineData("FROM scratch", "from is not a valid change command")]
    [InlineData("COPY a b", "copy is not a valid change command")]
    [InlineData("MAINTAINER me", "maintainer is not a valid change command")]
    [InlineData("nonsense", "nonsense is not a valid change command")]
    [InlineData("CMD [1]", "arrays must be comprised of strings only")]
    [InlineData("ENV", "ENV requires at least one argument")]
    [InlineData("ENV A", "ENV must have two arguments")]
    [InlineData("ENV A=1 B", "can't find = in \"B\"")]
    [InlineData("ENV =1", "ENV names can not be blank")]
    [InlineData("ENV A=\"x", "looking for matching double-quote")]
    [InlineData("ENV A=${B", "'}' is missing")]
    [InlineData("ENV A=${}", "bad substitution")]
    [InlineData("LABEL", "LABEL requires at least one argument")]
    [InlineData("LABEL a", "LABEL must have two arguments")]
    [InlineData("EXPOSE", "EXPOSE requires at least one argument")]
    [InlineData("EXPOSE x", "invalid containerPort: x")]
    [InlineData("EXPOSE 0", "invalid containerPort: 0")]
    [InlineData("EXPOSE 65536", "invalid containerPort: 65536")]
    [InlineData("EXPOSE 8080:80", "invalid containerPort: 8080:80")]
    [InlineData("EXPOSE 80/x", "invalid proto: x")]
    [InlineData("EXPOSE 9-1", "invalid range format")]
    [InlineData("EXPOSE 1-2-3", "invalid containerPort")]
    [InlineData("HEALTHCHECK", "HEALTHCHECK requires an argument")]
    [InlineData("HEALTHCHECK NONE x", "takes no arguments")]
    [InlineData("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD")]
    [InlineData("HEALTHCHECK RUN x", "Unknown type \"RUN\" in HEALTHCHECK")]
    [InlineData("HEALTHCHECK --interval=x CMD x", "invalid duration \"x\"")]
    [InlineData("HEALTHCHECK --retries=x CMD x", "--retries must be at least 1")]
    [InlineData("HEALTHCHECK --evil=1 CMD x", "Unknown flag: evil")]
    [InlineData("ONBUILD", "ONBUILD requires at least one argument")]
    [InlineData("ONBUILD ONBUILD RUN x", "isn't allowed")]
    [InlineData("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger")]
    [InlineData("STOPSIGNAL x", "invalid signal: x")]
    [InlineData("STOPSIGNAL 99", "invalid signal: 99")]
    [InlineData("STOPSIGNAL", "STOPSIGNAL requires exactly one argument")]
    [InlineData("USER", "USER requires exactly one argument")]
    [InlineData("VOLUME", "VOLUME requires at least one argument")]
    [InlineData("VOLUME []", "VOLUME specified can not be an empty string")]
    [InlineData("VOLUME [\"\"]", "VOLUME specified can not be an empty string")]
    [InlineData("WORKDIR", "WORKDIR requires exactly one argument")]
    public void Change_that_is_none_is_refused_in_dockers_words_AR17(string change, string message)
    {
        var failure = Assert.Throws<ImageException>(() => ConfigChanges.Parse([change], isWindows: false));

        Assert.Equal(ImageErrorKind.InvalidArgument, failure.Kind);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Advice);
    }

    private static JsonNode ConfigOf(string change, bool isWindows) => JsonNode.Parse(ArchiveNames.Write(json =>
    {
        json.WriteStartObject();
        ConfigChanges.Parse([change], isWindows).Write(json);
        json.WriteEndObject();
    }))!;

    private static Task<IReadOnlyList<Image>> ImportAsync(TempStore store, byte[] tree, bool compress) => store.Store.ImportAsync(
        new ImportRequest(new ImportInput("tree.tar") { Open = () => new MemoryStream(tree) })
        {
            Compress = compress,
            RootFileSystem = new RootFileSystem { Reference = ImageReference.Parse("tree:1"), Changes = ["CMD run it"] },
        },
        store.Observer, CancellationToken.None);

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(bytes, 0, bytes.Length);
        }

        return stream.ToArray();
    }
}
