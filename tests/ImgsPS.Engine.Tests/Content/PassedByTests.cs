using System;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>
/// FF11: null is absent, what nobody follows is kept as it is, what is followed is judged strictly, and what two readers could take for
/// different things stays refused.
/// </summary>
public sealed class PassedByTests : IAsyncDisposable
{
    private const string Sha1 = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709";

    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();
    private readonly BuiltIndex _index;

    public PassedByTests() =>
        _index = _server.AddIndex("team/app:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Odd second entries, and members of the index, that docker and skopeo pass by.</summary>
    public static TheoryData<string> Odd => new()
    {
        "null", "5", "\"x\"", "[]", "{}", """{"digest":null,"size":null,"mediaType":null}""",
        Entry("""  "digest":"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709","size":3 """),
        Entry("""  "digest":"blake3:abcdef","size":3 """),
        Entry("""  "digest":"nonsense","size":3 """),
        Entry("""  "digest":"sha256:zz","size":3 """),
        Entry("""  "digest":5,"size":3 """),
        Entry(Good + ""","size":-1 """), Entry(Good + ""","size":1e300 """), Entry(Good + ""","size":"3" """), Entry(Good),
        Entry(Good + ""","size":3,"annotations":5 """), Entry(Good + ""","size":3,"annotations":{"a":{}} """),
        Entry(Good + ""","size":3,"urls":["not a url"] """), Entry(Good + ""","size":3,"urls":"x" """),
        Entry(Good + ""","size":3,"data":"AAAA" """), Entry(Good + ""","size":3,"data":"%" """),
        Entry(Good + ""","size":3,"artifactType":"no type" """), Entry(Good + ""","size":3,"artifactType":7 """),
        "{" + Good + ",\"size\":3,\"mediaType\":\"\"}", "{" + Good + ",\"size\":3,\"mediaType\":8}", "{" + Good + ",\"size\":3}",
        Entry(Good + ""","size":3,"platform":"linux/amd64" """), Entry(Good + ""","size":3,"platform":[] """),
        Entry(Good + ""","size":3,"platform":{"os":"linux"} """), Entry(Good + ""","size":3,"platform":{"os":5,"architecture":"amd64"} """),
        Entry(Good + ""","size":3,"platform":{"os":"li\u0007nux","architecture":"amd64"} """),
        Entry(Good + ""","size":3,"platform":{"os":"windows","architecture":"amd64","os.features":[1]} """),
    };

    /// <summary>What is null, empty or without a meaning, anywhere in what is followed too.</summary>
    public static TheoryData<string, string> Nothing => new()
    {
        { "index", """{"annotations":null}""" }, { "index", """{"annotations":{"a":null}}""" }, { "index", """{"artifactType":""}""" },
        { "index", """{"artifactType":null,"subject":null,"config":null,"layers":null,"fsLayers":null,"history":null}""" },
        { "index", """{"subject":{"digest":"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"}}""" }, { "index", """{"subject":"x"}""" },
        { "entry", """{"annotations":{"a":null,"b":"c"}}""" }, { "entry", """{"artifactType":""}""" },
        { "entry", """{"urls":null,"data":null,"annotations":null}""" }, { "entry", """{"urls":[null]}""" },
        { "entry", """{"platform":{"architecture":"amd64","os":"linux","variant":null,"os.version":null,"os.features":null}}""" },
        { "entry", """{"platform":{"architecture":"amd64","os":"linux","os.features":[null]}}""" },
        { "entry", """{"platform":{}}""" }, { "entry", """{"platform":null}""" },
        { "entry", """{"platform":{"os":null,"architecture":null}}""" }, { "entry", """{"platform":{"os":"","architecture":""}}""" },
        { "manifest", """{"manifests":null}""" }, { "manifest", """{"fsLayers":null,"history":null,"signatures":null}""" },
        { "manifest", """{"artifactType":""}""" }, { "manifest", """{"annotations":{"a":null}}""" }, { "manifest", """{"subject":null}""" },
        { "manifest", """{"subject":{"mediaType":"x"}}""" },
        { "config", """{"created":null,"author":null,"variant":null,"os.version":null,"os.features":[null],"history":[null]}""" },
        { "config", """{"config":{"Labels":{"a":null},"Env":[null,"A=b"],"Cmd":[null],"Entrypoint":null,"ExposedPorts":{"80/tcp":null}}}""" },
        { "config", """{"config":null}""" },
    };

    private static string Good => $"\"digest\":\"sha256:{new string('a', 64)}\"";

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task An_odd_entry_that_is_not_chosen_does_no_harm_FF11(string entry)
    {
        foreach (var position in new[] { 0, 1, 2 })
        {
            var digest = Put(root => root["manifests"]!.AsArray().Insert(position, JsonNode.Parse(entry)));
            Assert.Equal(digest, (await PullAsync("linux/amd64")).Root.Digest.ToString());
            Assert.Equal(digest, (await PullAsync("linux/arm64")).Root.Digest.ToString());
        }

        // What is listed, tested and shown goes by the same rule.
        using var store = new LayoutStore(_folder.Path);
        var named = (await store.ListAsync(ListRequest.Default, _observer, CancellationToken.None)).Where(i => !i.Dangling);
        Assert.Equal(["linux/amd64", "linux/arm64"], named.Select(i => i.Platform!.ToString()[..11]));
        Assert.Empty(_observer.Warnings);
        var findings = await store.TestAsync(new StoreTestRequest { Full = true }, _observer, CancellationToken.None).ToListAsync();
        Assert.Empty(findings);
        var shown = await ShowAsync();
        Assert.Equal(JsonNode.Parse(entry) is null ? 2 : 3, shown.Manifests.Count);
        Assert.Equal(2, shown.Manifests.Count(m => _index.Images.Any(i => i.Digest == m.Digest)));
    }

    [Theory]
    [InlineData("sha1")]
    [InlineData("size")]
    [InlineData("data")]
    public async Task An_odd_entry_that_is_chosen_is_judged_FF11(string fault)
    {
        Put(root => Change(root["manifests"]![0]!.AsObject(), fault));
        var e = await Assert.ThrowsAsync<ImageException>(() => PullAsync("linux/amd64"));
        Assert.Equal(fault == "sha1" ? ImageErrorKind.NotSupported : ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("manifests[0].", e.Message, StringComparison.Ordinal);

        // With all platforms each is followed.
        Assert.Equal(e.Message, (await Assert.ThrowsAsync<ImageException>(() => PullAsync(null, all: true))).Message);
        Assert.NotNull(await PullAsync("linux/arm64"));

        static void Change(JsonObject entry, string fault)
        {
            switch (fault)
            {
                case "sha1":
                    entry["digest"] = Sha1;
                    break;
                case "size":
                    entry["size"] = -1;
                    break;
                default:
                    entry["data"] = "AAAA";
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Nothing))]
    public async Task Null_is_absent_at_every_depth_FF11(string where, string members)
    {
        var added = JsonNode.Parse(members)!.AsObject();
        var image = _index.Images[0];
        if (where is "manifest" or "config")
        {
            // A document that is changed has another digest, and so has what names it.
            var manifest = JsonNode.Parse(image.Manifest.Bytes.Span)!.AsObject();
            if (where == "config")
            {
                var config = JsonNode.Parse(image.Config.Bytes.Span)!.AsObject();
                Merge(config, added);
                var bytes = Encoding.UTF8.GetBytes(config.ToJsonString());
                manifest["config"]!["digest"] = _server.PutBlob("team/app", bytes);
                manifest["config"]!["size"] = bytes.Length;
            }
            else
            {
                Merge(manifest, added);
            }

            var document = Encoding.UTF8.GetBytes(manifest.ToJsonString());
            var digest = _server.PutManifest("team/app", document, image.MediaType);
            Put(root =>
            {
                root["manifests"]![0]!["digest"] = digest;
                root["manifests"]![0]!["size"] = document.Length;
            });
        }
        else
        {
            Put(root => Merge(where == "index" ? root.AsObject() : root["manifests"]![0]!.AsObject(), added));
        }

        Assert.NotNull(await PullAsync("linux/amd64"));
        Assert.NotEmpty((await ShowAsync()).Manifests);
        using var store = new LayoutStore(_folder.Path);
        Assert.Empty(await store.TestAsync(new StoreTestRequest { Full = true }, _observer, CancellationToken.None).ToListAsync());
        Assert.Empty(_observer.Warnings);
    }

    /// <summary>RN22, RN23: what two readers could understand differently is refused, also in what is passed by.</summary>
    [Theory]
    [InlineData("""{"Digest":"x"}""")]
    [InlineData("""{"mediatype":"x"}""")]
    [InlineData("""{"platform":{"OS":"linux","architecture":"amd64"}}""")]
    [InlineData("""{"PLATFORM":{}}""")]
    public async Task Type_confusion_in_a_passed_by_entry_stays_refused_FF11(string entry)
    {
        Put(root => root["manifests"]!.AsArray().Add(JsonNode.Parse(entry)));
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => PullAsync("linux/amd64"))).Kind);
    }

    [Theory]
    [InlineData("""{"config":{}}""")]
    [InlineData("""{"layers":[]}""")]
    [InlineData("""{"fsLayers":[]}""")]
    [InlineData("""{"Manifests":null}""")]
    public async Task An_index_that_is_something_else_too_stays_refused_FF11(string members)
    {
        Put(root => Merge(root.AsObject(), JsonNode.Parse(members)!.AsObject()));
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => PullAsync("linux/amd64"))).Kind);
    }

    [Fact]
    public async Task What_an_odd_entry_says_is_shown_FF11()
    {
        Put(root => root["manifests"]!.AsArray().Add(JsonNode.Parse(
            Entry($"\"digest\":\"{Sha1}\",\"size\":3,\"platform\":{{\"os\":\"linux\",\"architecture\":\"s390x\"}}," +
                "\"annotations\":{\"a\":\"b\",\"n\":null}"))));
        var shown = (await ShowAsync()).Manifests[2];
        Assert.Equal((Sha1, 3L, "linux/s390x", "b"), (shown.Digest, shown.Size, shown.Platform!.ToString(), shown.Annotations["a"]));
    }

    private static string Entry(string members) => "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"," + members + "}";

    private static void Merge(JsonObject target, JsonObject added)
    {
        foreach (var member in added)
        {
            target[member.Key] = member.Value?.DeepClone();
        }
    }

    private string Put(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(_index.Manifest.Bytes.Span)!;
        change(root);
        return _server.PutManifest("team/app", Encoding.UTF8.GetBytes(root.ToJsonString()), _index.Manifest.MediaType, "1");
    }

    private Task<ManifestAnswer> ShowAsync() => RegistryManifests.DescribeAsync(
        TestClients.Client(_server.Host), ImageReference.Parse(_index.Reference), null, _observer, CancellationToken.None);

    private async Task<CopiedImage> PullAsync(string? platform, bool all = false)
    {
        using var store = new LayoutStore(_folder.Path);
        using var client = TestClients.Client(_server.Host);
        var reference = ImageReference.Parse(_index.Reference);
        using var session = await store.BeginPullAsync(reference, _observer, CancellationToken.None);
        var request = new CopyRequest(reference)
        {
            Platform = platform is null ? null : Platform.Parse(platform),
            Extent = all ? CopyExtent.AllImages : CopyExtent.OnePlatform,
        };
        return await ImageCopy.RunAsync(new RegistrySource(client, reference), session, request, _observer, CancellationToken.None);
    }
}
