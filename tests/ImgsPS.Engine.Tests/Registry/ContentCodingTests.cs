using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>FF13: bodies that a proxy encodes for the way, unasked.</summary>
public sealed class ContentCodingTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start(new TestRegistryOptions { Users = { ["bob"] = "secret" } });
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();
    private readonly BuiltImage _image;

    public ContentCodingTests() => _image = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64") with
    {
        Layers = [new LayerSpec(1, 90_000) { Gzip = false }, new LayerSpec(2, 90_000)],
    });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string, Framing> Codings => new()
    {
        { "gzip", Framing.ContentLength }, { "gzip", Framing.Chunked }, { "gzip", Framing.Close }, { "x-gzip", Framing.ContentLength },
        { "GZIP", Framing.Chunked }, { "deflate", Framing.ContentLength }, { "deflate", Framing.Chunked }, { "raw deflate", Framing.Chunked },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task Everything_that_comes_encoded_is_read_FF13(string coding, Framing framing)
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        _server.Faults.Add(new Fault("", Encode(coding, framing)));
        Assert.Equal(_image.Digest, (await PullAsync()).Root.Digest.ToString());
        Assert.True((await PullAsync()).UpToDate);
        Assert.All(_server.Requests, r => Assert.Equal("identity", r.Header("Accept-Encoding")));
        using var client = Client();
        Assert.Equal(["1"], await client.ListTagsAsync(Reference, _observer, CancellationToken.None));
    }

    /// <summary>Storages name the coding of a layer that is compressed by itself: the digest is of what came.</summary>
    [Theory]
    [InlineData("gzip", Framing.ContentLength)]
    [InlineData("gzip", Framing.Chunked)]
    [InlineData("deflate", Framing.ContentLength)]
    [InlineData("br", Framing.Chunked)]
    [InlineData("gzip, gzip", Framing.ContentLength)]
    [NotUnderMono("mono's decoder tells a failed read of what .NET Framework's refuses as wrong data")]
    public async Task A_coding_that_is_only_said_changes_nothing_FF13(string coding, Framing framing)
    {
        _server.Faults.Add(new Fault("(manifests|blobs)", new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Set("Content-Encoding", coding);
                r.Framing = framing;
            },
        }));
        Assert.Equal(_image.Digest, (await PullAsync()).Root.Digest.ToString());
    }

    /// <summary>An error's reason is read too.</summary>
    [Fact]
    public async Task An_encoded_error_is_read_FF13()
    {
        _server.Faults.Add(new Fault("manifests", FaultAction.Status(412, "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"bad scan\"}]}")));
        _server.Faults.Add(new Fault("manifests", Encode("gzip", Framing.Chunked)));
        Assert.Contains("bad scan", (await Assert.ThrowsAsync<ImageException>(PullAsync)).Message, StringComparison.Ordinal);
    }

    /// <summary>What cannot be undone is said, whatever else is wrong.</summary>
    [Theory]
    [InlineData("manifests", "br")]
    [InlineData("manifests", "zstd")]
    [InlineData("blobs", "br")]
    public async Task A_coding_that_cannot_be_undone_is_named_FF13(string what, string coding)
    {
        _server.Faults.Add(new Fault("/" + what + "/", new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Body = new byte[r.Body.Length];
                r.Set("Content-Encoding", coding);
            },
        }));
        var e = await Assert.ThrowsAsync<ImageException>(PullAsync);
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains($"Content-Encoding '{coding}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_content_stays_wrong_with_a_coding_FF13()
    {
        _server.Faults.Add(new Fault("/blobs/", FaultAction.WrongBytes()));
        _server.Faults.Add(new Fault("/blobs/", Encode("gzip", Framing.Chunked)));
        var e = await Assert.ThrowsAsync<ImageException>(PullAsync);
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains("Content-Encoding 'gzip'", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A body that grows without end when it is decoded, or never gives a byte, is left at the size that the blob has.</summary>
    [Theory]
    [InlineData("bomb", ImageErrorKind.Integrity)]
    [InlineData("empty members", ImageErrorKind.Unavailable)]
    public async Task A_body_that_grows_is_left_at_the_blobs_size_FF13(string kind, ImageErrorKind end)
    {
        var content = TestClients.Bytes(50_000);
        _server.PutBlob("team/app", content);
        _server.Faults.Add(new Fault("/blobs/", new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Body = kind == "bomb" ? Compress(new byte[64 * 1024 * 1024], "gzip") : Compress([], "gzip");
                r.Endless = kind != "bomb";
                r.Framing = Framing.Chunked;
                r.Set("Content-Encoding", "gzip");
            },
        }));
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => client.GetBlobAsync(
            Reference, TestClients.Blob(content), 1 << 20, _observer, CancellationToken.None));
        Assert.Equal(end, e.Kind);
        Assert.True(_server.Requests.Sum(r => r.BytesSent) < 16 * 1024 * 1024, "much more was read than the limit");
    }

    /// <summary>A part of an encoded body is no part of the content: what is left is fetched whole.</summary>
    [Fact]
    public async Task An_encoded_layer_that_breaks_off_is_gone_on_with_FF13()
    {
        _server.Faults.Add(new Fault("^GET .*/blobs/" + _image.Layers[0].Blob.Digest, Encode("gzip", Framing.Chunked)));
        _server.Faults.Add(new Fault("^GET .*/blobs/" + _image.Layers[0].Blob.Digest, FaultAction.FinAfter(40_000), 1));
        Assert.Equal(_image.Digest, (await PullAsync()).Root.Digest.ToString());
    }

    private ImageReference Reference => ImageReference.Parse(_image.Reference);

    private static FaultAction Encode(string coding, Framing framing) => new()
    {
        OnResponse = (request, r) =>
        {
            if (request.Path.StartsWith("/_", StringComparison.Ordinal) || r.Body.IsEmpty)
            {
                return;
            }

            r.Body = Compress(r.Body.ToArray(), coding);
            r.Framing = framing;
            r.Set("Content-Encoding", coding.Split(' ')[^1]);
        },
    };

    private static byte[] Compress(byte[] bytes, string coding)
    {
        using var body = new MemoryStream();
        if (coding == "deflate")
        {
            body.Write([0x78, 0x9C]);
        }

        using (Stream encoder = coding.EndsWith("deflate", StringComparison.Ordinal)
            ? new DeflateStream(body, CompressionMode.Compress, leaveOpen: true)
            : new GZipStream(body, CompressionMode.Compress, leaveOpen: true))
        {
            encoder.Write(bytes, 0, bytes.Length);
        }

        return body.ToArray();
    }

    private RegistryClient Client() => TestClients.Client(_server.Host, store: new FixedCredentials(new RegistryCredential("bob", "secret")));

    private async Task<CopiedImage> PullAsync()
    {
        using var store = new LayoutStore(_folder.Path);
        using var client = Client();
        using var session = await store.BeginPullAsync(Reference, _observer, CancellationToken.None);
        return await ImageCopy.RunAsync(
            new RegistrySource(client, Reference), session, new CopyRequest(Reference), _observer, CancellationToken.None);
    }
}
