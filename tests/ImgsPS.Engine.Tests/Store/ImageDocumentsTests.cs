using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>
/// What an image's manifest and config say, as objects: the same for every store that has these documents. U5, U6, U9, U10, U11.
/// </summary>
public class ImageDocumentsTests
{
    private readonly MemoryManifestSource _source = new();
    private readonly RecordingObserver _observer = new();

    private static string Hash(string text) => Digest.Of(Encoding.UTF8.GetBytes(text)).ToString();

    /// <summary>Adds an image with layers of 10, 20, … bytes and the config's further members; gives its descriptor.</summary>
    private string AddImage(string more = "", int layers = 2, string os = "linux", string architecture = "amd64",
        string configType = MediaTypes.OciConfig, string? entry = null)
    {
        var numbers = Enumerable.Range(1, layers).ToArray();
        var diffIds = string.Join(",", numbers.Select(n => $"\"{Hash("tar " + n)}\""));
        var config = _source.Add(
            $"{{\"os\":\"{os}\",\"architecture\":\"{architecture}\",\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[{diffIds}]}}{more}}}",
            configType);
        var blobs = numbers.Select(n =>
            $"{{\"mediaType\":\"{MediaTypes.OciLayerGzip}\",\"digest\":\"{Hash("gzip " + n)}\",\"size\":{n * 10}}}");
        return _source.Add(
            $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciManifest}\",\"config\":{config},\"layers\":[{string.Join(",", blobs)}]}}",
            MediaTypes.OciManifest,
            entry);
    }

    private string AddFor(string os, string architecture) => AddImage(
        os: os, architecture: architecture, entry: $"\"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"}}");

    private void AddIndex(params string[] entries) => _source.Add(
        $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{string.Join(",", entries)}]}}",
        MediaTypes.OciIndex);

    private Task<ImageDocuments> ReadAsync(string? platform = null) => ImageDocuments.ReadAsync(
        _source, null, platform is null ? null : Platform.Parse(platform), "app:1", "here", _observer, CancellationToken.None);

    private async Task<IReadOnlyList<ImageHistoryEntry>> HistoryAsync(string history, int layers = 2)
    {
        AddImage($",\"history\":{history}", layers);
        return ImageHistoryView.Of(await ReadAsync(), _observer);
    }

    [Fact]
    public async Task Config_says_how_the_image_runs()
    {
        AddImage("""
            ,"created":"2015-10-31T22:22:56Z","author":"Ann","config":{"User":"1:1","ExposedPorts":{"8080/tcp":{}},"Env":["A=1"],"Entrypoint":["/e"],
              "Cmd":["c","d"],"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"k":"v"},"StopSignal":"SIGKILL","Shell":["sh"],"OnBuild":["RUN x"],
              "Healthcheck":{"Test":["CMD","x"],"Interval":1000000000,"Retries":2}}
            """);
        var documents = await ReadAsync();
        var config = ImageConfigView.Of(documents);

        Assert.Equal("app:1", config.Reference);
        Assert.Equal("here", config.Store);
        Assert.Equal(documents.Manifest.Config.Digest.ToString(), config.Id);
        Assert.Equal(new DateTimeOffset(2015, 10, 31, 22, 22, 56, TimeSpan.Zero), config.Created);
        Assert.Equal("Ann", config.Author);
        Assert.Equal("linux/amd64", config.Platform!.ToString());
        Assert.Equal("1", config.Env["A"]);
        Assert.Equal(new[] { "/e" }, config.Entrypoint);
        Assert.Equal(new[] { "c", "d" }, config.Command);
        Assert.Equal("/w", config.WorkingDirectory);
        Assert.Equal("1:1", config.User);
        Assert.Equal(new[] { "8080/tcp" }, config.ExposedPorts);
        Assert.Equal(new[] { "/v" }, config.Volumes);
        Assert.Equal("v", config.Labels["k"]);
        Assert.Equal("SIGKILL", config.StopSignal);
        Assert.Equal("CMD x", config.Healthcheck!.ToString());
        Assert.Equal(TimeSpan.FromSeconds(1), config.Healthcheck.Interval);
        Assert.Null(config.Healthcheck.Timeout);
        Assert.Equal(2, config.Healthcheck.Retries);
        Assert.Equal(new[] { "sh" }, config.Shell);
        Assert.Equal(new[] { "RUN x" }, config.OnBuild);
    }

    [Fact]
    public async Task Texts_that_docker_writes_empty_are_not_set()
    {
        AddImage(",\"author\":\"\",\"config\":{\"User\":\"\",\"WorkingDir\":\"\",\"StopSignal\":\"\"}");
        var config = ImageConfigView.Of(await ReadAsync());
        Assert.Null(config.Author);
        Assert.Null(config.User);
        Assert.Null(config.WorkingDirectory);
        Assert.Null(config.StopSignal);
        Assert.Null(config.Healthcheck);
    }

    [Fact]
    public void Last_value_of_a_variable_counts_and_one_without_a_sign_is_empty()
    {
        var env = ImageConfigView.Variables(new[] { "A=1", "B", "a=x", "A=2=3", "=C:=C:\\app", "", "E=" });
        Assert.Equal(new[] { "A", "B", "a", "=C:", "E" }, env.Keys);
        Assert.Equal(new[] { "2=3", "", "x", "C:\\app", "" }, env.Values);
    }

    [Fact]
    public async Task History_is_newest_first_and_knows_the_layers()
    {
        var history = await HistoryAsync("""
            [{"created":"2024-01-01T00:00:00Z","created_by":"ADD rootfs","author":"Ann","comment":"base"},{"created_by":"ENV A=1","empty_layer":true},
             {"created_by":"RUN make"},{"created_by":"CMD sh","empty_layer":true}]
            """);

        Assert.Equal(new[] { "CMD sh", "RUN make", "ENV A=1", "ADD rootfs" }, history.Select(h => h.CreatedBy));
        Assert.Equal(new long?[] { 0, 20, 0, 10 }, history.Select(h => h.Size));
        Assert.Equal(new[] { null, Hash("tar 2"), null, Hash("tar 1") }, history.Select(h => h.DiffId));
        Assert.Equal(new[] { true, false, true, false }, history.Select(h => h.EmptyLayer));

        // docker history: the last step's image is the image, the others are <missing>.
        Assert.Equal(new[] { (await ReadAsync()).Id, null, null, null }, history.Select(h => h.Id));
        Assert.Equal("Ann", history[3].Author);
        Assert.Equal("base", history[3].Comment);
        Assert.Equal(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), history[3].Created);
        Assert.Null(history[0].Created);
        Assert.All(history, h => Assert.Equal(("app:1", "here"), (h.Reference, h.Store)));
        Assert.Empty(_observer.VerboseLines);
    }

    [Theory]
    [InlineData("[{\"created_by\":\"one\"}]")]
    [InlineData("[{\"created_by\":\"one\"},{\"created_by\":\"two\"},{\"created_by\":\"three\"}]")]
    [InlineData("[{\"created_by\":\"one\",\"empty_layer\":true}]")]
    public async Task History_that_does_not_fit_the_layers_says_so_and_guesses_nothing(string steps)
    {
        var history = await HistoryAsync(steps);
        Assert.All(history, h => Assert.Null(h.DiffId));
        Assert.All(history, h => Assert.Equal(h.EmptyLayer ? 0 : null, h.Size));
        Assert.Equal("one", history[history.Count - 1].CreatedBy);
        Assert.Contains("does not fit its 2 layers", Assert.Single(_observer.VerboseLines), StringComparison.Ordinal);

        Assert.All(ImageLayerView.Of(await ReadAsync(), _observer), l => Assert.Equal((null, null), (l.Created, l.CreatedBy)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task Image_without_history_has_none_as_docker_history_shows(string history)
    {
        Assert.Empty(await HistoryAsync(history));
        Assert.Empty(_observer.VerboseLines);
        Assert.Equal(2, ImageLayerView.Of(await ReadAsync(), _observer).Count);
    }

    [Fact]
    public async Task Layers_have_chain_ids_and_what_made_them_U10()
    {
        AddImage(
            ",\"history\":[{\"created_by\":\"one\",\"created\":\"2024-01-01T00:00:00Z\"},{\"created_by\":\"none\",\"empty_layer\":true},{\"created_by\":\"two\"}]");
        var layers = ImageLayerView.Of(await ReadAsync(), _observer);

        Assert.Equal(new[] { Hash("gzip 1"), Hash("gzip 2") }, layers.Select(l => l.Digest));
        Assert.Equal(new[] { Hash("tar 1"), Hash("tar 2") }, layers.Select(l => l.DiffId));
        Assert.Equal(new[] { Hash("tar 1"), Hash(Hash("tar 1") + " " + Hash("tar 2")) }, layers.Select(l => l.ChainId));
        Assert.Equal(new long?[] { 10, 20 }, layers.Select(l => l.Size));
        Assert.Equal(new[] { "one", "two" }, layers.Select(l => l.CreatedBy));
        Assert.Equal("2024-01-01T00:00:00", layers[0].Created!.Value.ToString("s", CultureInfo.InvariantCulture));
        Assert.All(layers, l => Assert.Equal(MediaTypes.OciLayerGzip, l.MediaType));
        Assert.All(layers, l => Assert.Equal(("app:1", "here"), (l.Reference, l.Store)));
        Assert.All(layers, l => Assert.Empty(l.SharedWith));
    }

    [Fact]
    public async Task Layer_is_shared_where_all_below_it_is_the_same_too_U10()
    {
        AddImage(layers: 3);
        var documents = await ReadAsync();
        var others = new[]
        {
            Other("z:1", 1, 2, 3), Other("b:1", 1, 2), Other(null, 1), Other("other:1", 2, 1), Other("above:1", 9, 2, 3), Other("unread:1"),
        };

        var layers = ImageLayerView.Of(documents, others, _observer);
        Assert.Equal(new[] { "b:1", others[2].Id, "z:1" }, layers[0].SharedWith);
        Assert.Equal(new[] { "b:1", "z:1" }, layers[1].SharedWith);
        Assert.Equal(new[] { "z:1" }, layers[2].SharedWith);

        Image Other(string? reference, params int[] tars) => new()
        {
            Reference = reference,
            Id = Hash("image of " + reference),
            Layers = tars.Select(n => new ImageLayer { DiffId = Hash("tar " + n) }).Append(new ImageLayer()).ToArray(),
        };
    }

    [Fact]
    public async Task Another_name_of_the_same_image_shares_nothing_with_it()
    {
        AddImage();
        var documents = await ReadAsync();
        var same = new Image
        {
            Reference = "app:2",
            Id = documents.Id,
            Layers = documents.Config.DiffIds.Select(d => new ImageLayer { DiffId = d.ToString() }).ToArray()
        };
        Assert.All(ImageLayerView.Of(documents, new[] { same }, _observer), l => Assert.Empty(l.SharedWith));
    }

    [Fact]
    public async Task Platform_of_an_index_is_chosen_U6()
    {
        AddIndex(AddFor("linux", "s390x"), AddFor("linux", "arm64"));
        Assert.Equal("linux/s390x", (await ReadAsync("linux/s390x")).Config.Platform!.ToString());
        var e = await Assert.ThrowsAsync<ImageException>(() => ReadAsync("linux/ppc64le"));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.StartsWith("no matching manifest for linux/ppc64le", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Index_without_a_platform_asked_gives_this_machine_s_U6()
    {
        var host = Platform.Host;
        AddIndex(AddFor("plan9", "mips"), AddFor(host.OS, host.Architecture));
        var chosen = (await ReadAsync()).Config.Platform!;
        Assert.Equal((host.OS, host.Architecture), (chosen.OS, chosen.Architecture));
    }

    [Fact]
    public async Task Image_that_is_named_directly_is_read_whatever_its_platform()
    {
        AddImage(os: "plan9", architecture: "mips");
        Assert.Equal("plan9/mips", (await ReadAsync()).Config.Platform!.ToString());
        Assert.Equal(ImageErrorKind.NotFound, (await Assert.ThrowsAsync<ImageException>(() => ReadAsync("linux/amd64"))).Kind);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("linux/amd64")]
    public async Task Artifact_is_refused_by_its_type_U11(string? platform)
    {
        AddImage(configType: "application/vnd.cncf.helm.config.v1+json");
        var e = await Assert.ThrowsAsync<ImageException>(() => ReadAsync(platform));
        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.Equal("app:1 is not an image but an artifact of type application/vnd.cncf.helm.config.v1+json", e.Message);
    }
}
