using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>Several tags of one manifest, put at the same time by one command (PU14).</summary>
public sealed class PushTagsTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly RegistryClient _client;
    private readonly ManifestDocument _manifest;

    public PushTagsTests()
    {
        var image = _registry.AddImage("team/app:old", new ImageSpec());
        _manifest = ManifestDocument.Parse(image.Manifest.Bytes.ToArray(), image.Manifest.MediaType);
        _client = TestClients.Client(_registry.Host);
    }

    public void Dispose()
    {
        _client.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Tags_that_wait_for_the_first_go_in_one_request()
    {
        _registry.Options.TagsPerPut = 10;
        await PutTogetherAsync("1", "2", "3", "latest");

        AssertHas("1", "2", "3", "latest");
        Assert.Equal(["PUT /v2/team/app/manifests/1", $"PUT /v2/team/app/manifests/{_manifest.Digest}?tag=2&tag=3&tag=latest"], Puts());
    }

    [Fact]
    public async Task No_request_has_more_than_ten()
    {
        _registry.Options.TagsPerPut = 100;
        var tags = Enumerable.Range(1, 24).Select(i => "v" + i).ToArray();
        await PutTogetherAsync(tags);

        AssertHas(tags);
        Assert.Equal([1, 10, 10, 3], Puts().Select(p => Math.Max(1, p.Split("tag=").Length - 1)).OrderBy(n => n == 1 ? 0 : 20 - n));
    }

    [Fact]
    public async Task Registry_that_takes_none_of_several_gets_them_one_by_one_and_is_not_tried_again()
    {
        await PutTogetherAsync("1", "2", "3");
        AssertHas("1", "2", "3");
        Assert.Single(Puts(), p => p.Contains('?', StringComparison.Ordinal));

        _registry.ClearRequests();
        await PutTogetherAsync("4", "5", "6");
        AssertHas("4", "5", "6");
        Assert.DoesNotContain(Puts(), p => p.Contains('?', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Tags_that_the_answer_does_not_name_are_put_again(int taken)
    {
        _registry.Options.TagsPerPut = taken;
        await PutTogetherAsync("1", "2", "3", "4", "5");
        AssertHas("1", "2", "3", "4", "5");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(414)]
    [InlineData(431)]
    public async Task Registry_that_refuses_several_gets_them_one_by_one(int status)
    {
        _registry.Options.TagsPerPut = 10;
        _registry.Faults.Add(new Fault("^PUT .*[?]tag=", FaultAction.Status(status)));
        await PutTogetherAsync("1", "2", "3");
        AssertHas("1", "2", "3");
    }

    [Fact]
    public async Task Names_in_one_header_count_as_several_headers_do()
    {
        _registry.Options.TagsPerPut = 10;
        _registry.Faults.Add(new Fault("^PUT .*[?]tag=", new FaultAction
        {
            OnResponse = (_, response) => response.Set("OCI-Tag", "2, 3"),
        }));
        await PutTogetherAsync("1", "2", "3");
        Assert.Equal(2, Puts().Count);
    }

    [Fact]
    public async Task Tag_that_cannot_be_put_is_its_own_failure()
    {
        _registry.Options.TagsPerPut = 0;
        _registry.Faults.Add(new Fault("^PUT .*manifests/2$", FaultAction.Status(403)));
        var puts = Begin("1", "2", "3");
        await Assert.ThrowsAsync<ImageException>(() => puts[1]);
        Assert.Empty(await puts[0]);
        Assert.Empty(await puts[2]);
        AssertHas("1", "3");
        Assert.Null(_registry.Content.Manifest("team/app", "2"));
    }

    [Fact]
    public async Task Copy_that_is_cancelled_while_it_waits_is_not_put()
    {
        _registry.Options.TagsPerPut = 10;
        using var stop = new CancellationTokenSource();
        using var hold = new ManualResetEventSlim();
        Hold(hold);
        var first = Put("1");
        var cancelled = Put("2", stop.Token);
        var third = Put("3");
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        hold.Set();
        Assert.Empty(await first);
        Assert.Empty(await third);
        AssertHas("1", "3");
        Assert.Null(_registry.Content.Manifest("team/app", "2"));
    }

    private async Task PutTogetherAsync(params string[] tags)
    {
        foreach (var put in Begin(tags))
        {
            Assert.Empty(await put);
        }
    }

    /// <summary>All tags are in line before the first is answered.</summary>
    private List<Task<IReadOnlyCollection<Digest>>> Begin(params string[] tags)
    {
        using var hold = new ManualResetEventSlim();
        Hold(hold);
        var puts = tags.Select(tag => Put(tag)).ToList();
        hold.Set();
        puts[0].Wait();
        return puts;
    }

    private void Hold(ManualResetEventSlim hold) =>
        _registry.Faults.Add(new Fault("^PUT ", new FaultAction { OnRequest = _ => hold.Wait() }, 1));

    private Task<IReadOnlyCollection<Digest>> Put(string tag, CancellationToken cancellationToken = default)
    {
        var reference = ImageReference.Parse($"{_registry.Host}/team/app:{tag}");
        var uploads = new RegistryUploads(_client, reference, new TransferCounts(), NullObserver.Instance);
        return _client.Tags.PutAsync(uploads, "team/app", _manifest, tag, cancellationToken);
    }

    private void AssertHas(params string[] tags) => Assert.All(
        tags, tag => Assert.Equal(_manifest.Digest.ToString(), _registry.Content.Manifest("team/app", tag)?.Digest));

    private List<string> Puts() => _registry.Requests.Where(r => r.Method == "PUT").Select(r => r.ToString()).ToList();
}
