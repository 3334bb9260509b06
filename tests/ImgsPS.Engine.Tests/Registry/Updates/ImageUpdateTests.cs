using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Store.Docker;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Whether there is something newer than an image, and what that costs: UP1 to UP8.</summary>
public sealed class ImageUpdateTests : IAsyncDisposable
{
    private const string BaseName = "org.opencontainers.image.base.name";
    private const string BaseDigest = "org.opencontainers.image.base.digest";

    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();
    private readonly LayoutStore _store;

    public ImageUpdateTests()
    {
        _store = new LayoutStore(_folder.Path);

        // Another test may have had the port, and too many requests.
        Forget();
    }

    public async ValueTask DisposeAsync()
    {
        Forget();
        _store.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Same_digest_is_current_for_one_head_whoever_asks_UP1()
    {
        _server.AddImage("app:1", One(1));
        _server.AddIndex("app:2", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var images = await PullAsync("app:1", "app:2");
        images.AddRange(images);

        var updates = await AskAsync(images);

        Assert.All(updates, update => Assert.Equal(
            (ImageUpdateStatus.Current, ImageUpdateEvidence.Digest, false, null),
            (update.Status, update.Evidence, update.IndexChanged, update.Reason)));
        Assert.Equal(images.Select(image => image.Digest), updates.Select(update => update.RegistryDigest));
        Assert.Equal(["HEAD /v2/app/manifests/1", "HEAD /v2/app/manifests/2"], Asked().Order());
        Assert.All(_server.Requests.Where(request => request.Method == "HEAD"), head => Assert.Equal(
            RegistryClient.ManifestTypes,
            string.Join(",", head.Headers.Where(h => h.Key.Equals("Accept", StringComparison.OrdinalIgnoreCase)).Select(h => h.Value))
                .Split(',').Select(type => type.Trim())));
    }

    [Fact]
    public async Task Tag_that_moved_is_a_new_digest_for_one_head_and_nothing_is_pulled_UP1()
    {
        _server.AddImage("app:1", One(1));
        var image = await PullOneAsync("app:1");
        var moved = _server.AddImage("app:1", One(2));

        var update = await AskAsync(image);

        Assert.Equal(
            (ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Digest, image.Reference, image.Digest, moved.Digest),
            (update.Status, update.Evidence, update.Reference, update.Digest, update.RegistryDigest));
        Assert.Contains(Digest.Parse(moved.Digest).ShortHex, update.Reason, StringComparison.Ordinal);
        Assert.Equal(["HEAD /v2/app/manifests/1"], Asked());
        Assert.Equal(image.Digest, Assert.Single(await ListAsync()).Digest);
    }

    [Fact]
    public async Task At_most_eight_questions_are_under_way_UP1()
    {
        var images = Enumerable.Range(1, 40).Select(i => Listed($"app:1.{i}", 'a')).ToList();
        _server.AddImage("app:x", One(1));
        var (now, most) = (0, 0);
        _server.Faults.Add(new Fault("manifests/", new FaultAction
        {
            OnRequest = _ =>
            {
                var count = Interlocked.Increment(ref now);
                int before;
                while ((before = most) < count && Interlocked.CompareExchange(ref most, count, before) != before)
                {
                }

                Thread.Sleep(3);
                Interlocked.Decrement(ref now);
            },
        }));

        Assert.All(await AskAsync(images), update => Assert.Equal(ImageUpdateStatus.Gone, update.Status));
        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public async Task Head_that_says_no_digest_is_asked_by_get_FF10()
    {
        _server.AddImage("app:1", One(1));
        var image = await PullOneAsync("app:1");
        _server.Faults.Add(new Fault("^HEAD .*manifests/", FaultAction.Status(405)));

        Assert.Equal(ImageUpdateStatus.Current, (await AskAsync(image)).Status);
    }

    [Theory]
    [InlineData("linux/amd64=1 linux/arm64=3", ImageUpdateStatus.Current, true)]
    [InlineData("linux/amd64=1 linux/arm64=2 unknown/unknown=9", ImageUpdateStatus.Current, true)]
    [InlineData("linux/amd64=1", ImageUpdateStatus.Current, true)]
    [InlineData("linux/amd64=4 linux/arm64=2", ImageUpdateStatus.NewDigest, false)]
    [InlineData("linux/arm64=2 windows/amd64=5", ImageUpdateStatus.Gone, false)]
    public async Task Other_platforms_and_attestations_are_no_update_UP2(string now, ImageUpdateStatus status, bool indexChanged)
    {
        AddIndex("app:1", "linux/amd64=1 linux/arm64=2");
        var image = await PullOneAsync("app:1", "linux/amd64");
        AddIndex("app:1", now);

        var update = await AskAsync(image);

        Assert.Equal((status, ImageUpdateEvidence.Digest, indexChanged), (update.Status, update.Evidence, update.IndexChanged));
        Assert.NotEqual(update.Digest, update.RegistryDigest);
        Assert.Equal(["HEAD", "GET"], Asked().Select(line => line.Split(' ')[0]));
        Assert.Equal(
            status == ImageUpdateStatus.Gone, update.Reason?.Contains("no image for linux/amd64", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Image_that_an_index_lists_by_now_or_does_not_any_more_is_the_same_UP2()
    {
        var plain = _server.AddImage("app:1", One(1));
        var manifest = await PullOneAsync("app:1");
        var index = AddIndex("app:1", "linux/amd64=1 linux/arm64=2");
        Assert.Equal(plain.Digest, index.Images[0].Digest);
        var listed = await PullOneAsync("app:1", "linux/amd64");

        var update = await AskAsync(manifest);
        Assert.Equal((ImageUpdateStatus.Current, true), (update.Status, update.IndexChanged));

        _server.Tag("app", "1", plain.Digest);
        update = await AskAsync(listed);
        Assert.Equal((ImageUpdateStatus.Current, true), (update.Status, update.IndexChanged));
        Assert.Equal(["HEAD /v2/app/manifests/1"], Asked());
    }

    [Fact]
    public async Task Engine_without_manifests_compares_configs_when_the_digest_differs_UP3()
    {
        AddIndex("app:1", "linux/amd64=1 linux/arm64=2");
        AddIndex("app:2", "linux/amd64=6 linux/arm64=2");
        _server.AddImage("app:3", One(7));
        using var docker = TestDocker.Start(_server);
        using var store = Open(docker);
        var images = await PullIntoAsync(store, "app:1", "app:2", "app:3");
        Assert.All(images, image => Assert.Null(image.ManifestDigest));
        AddIndex("app:1", "linux/amd64=1 linux/arm64=3");
        AddIndex("app:2", "linux/amd64=4 linux/arm64=2");
        docker.AddContainer($"{_server.Host}/app:2", "web-1", true);

        var updates = await AskAsync(await ListAsync(store), null, store);

        Assert.Equal(
            [
                (ImageUpdateStatus.Current, ImageUpdateEvidence.Config, true, "docker"),
                (ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Config, false, "docker"),
                (ImageUpdateStatus.Current, ImageUpdateEvidence.Digest, false, "docker"),
            ],
            updates.OrderBy(update => update.Reference, StringComparer.Ordinal)
                .Select(update => (update.Status, update.Evidence, update.IndexChanged, update.Store)));

        // UP7
        var outdated = updates.Single(update => update.Status == ImageUpdateStatus.NewDigest);
        Assert.Equal((true, "web-1"), (outdated.InUse, outdated.UsedBy.ToString()));
        Assert.All(updates.Where(update => update != outdated), update => Assert.False(update.InUse));
    }

    [Fact]
    public async Task Image_that_came_from_no_registry_is_compared_by_its_config_or_gone_UP3()
    {
        _server.AddImage("app:1", One(1));
        using var docker = TestDocker.Start(_server);
        using var store = Open(docker);
        var pulled = Assert.Single(await PullIntoAsync(store, "app:1"));
        foreach (var name in new[] { "same:1", "other:1", "local:1" })
        {
            await store.TagAsync(
                new TagRequest(ImageIdentity.Of(pulled.Reference!), ImageReference.Parse($"{_server.Host}/{name}")), _observer, default);
        }

        _server.AddImage("same:1", One(1));
        _server.AddImage("other:1", One(2));

        var updates = (await AskAsync(await ListAsync(store), null, store))
            .ToDictionary(update => update.Reference![(_server.Host.Length + 1)..]);

        Assert.Null(updates["same:1"].Digest);
        Assert.Equal((ImageUpdateStatus.Current, ImageUpdateEvidence.Config), (updates["same:1"].Status, updates["same:1"].Evidence));
        Assert.Equal((ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Config), (updates["other:1"].Status, updates["other:1"].Evidence));
        Assert.Equal((ImageUpdateStatus.Gone, ImageUpdateEvidence.None), (updates["local:1"].Status, updates["local:1"].Evidence));
        Assert.Contains("nothing says that it was ever there", updates["local:1"].Reason, StringComparison.Ordinal);
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Engine_that_knows_images_by_their_index_compares_what_both_list_UP2_UP3()
    {
        var before = AddIndex("app:1", "linux/amd64=1 linux/arm64=2");
        var image = new Image
        {
            Reference = $"{_server.Host}/app:1",
            Id = before.Digest,
            Digest = before.Digest,
            Platform = Platform.Parse("linux/amd64"),
        };
        AddIndex("app:1", "linux/amd64=1 linux/arm64=3");
        Assert.Equal((ImageUpdateStatus.Current, true), Of(await AskAsync(image)));

        AddIndex("app:1", "linux/amd64=4 linux/arm64=3");
        Assert.Equal((ImageUpdateStatus.NewDigest, false), Of(await AskAsync(image)));

        static (ImageUpdateStatus, bool) Of(ImageUpdate update) => (update.Status, update.IndexChanged);
    }

    [Fact]
    public async Task Image_of_unknown_platform_is_unknown_and_no_false_alarm_UP2()
    {
        AddIndex("app:1", "linux/amd64=1");

        var update = await AskAsync(Listed("app:1", 'b'));

        Assert.Equal((ImageUpdateStatus.Unknown, null), (update.Status, update.Error));
        Assert.Contains("not known for which platform", update.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newer_version_is_found_by_one_list_a_repository_UP4()
    {
        var seed = 0;
        foreach (var tag in "1.27 1.28 1.29 2.0 1.30-alpine 1.27.9 latest".Split(' '))
        {
            _server.AddImage($"app:{tag}", One(++seed));
        }

        var images = await PullAsync("app:1.27", "app:1.28", "app:latest", "app:1.30-alpine");

        var updates = await AskAsync(images, new UpdateRequest { Tags = true });

        Assert.Equal(
            [
                (ImageUpdateStatus.NewTag, "1.29", $"{_server.Host}/app:1.29"),
                (ImageUpdateStatus.NewTag, "1.29", $"{_server.Host}/app:1.29"),
                (ImageUpdateStatus.Current, null, null), (ImageUpdateStatus.Current, null, null),
            ],
            updates.Select(update => (update.Status, update.NewTag, update.NewReference)));
        Assert.Single(Asked(), line => line.Contains("tags/list", StringComparison.Ordinal));
        Assert.Equal(
            "2.0", (await AskAsync([images[0]], new UpdateRequest { Tags = true, AllowMajor = true }))[0].NewTag);
        Assert.Equal(ImageUpdateStatus.Current, (await AskAsync(images[0])).Status);
        Assert.DoesNotContain(Asked(), line => line.Contains("tags/list", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Newer_tag_of_the_same_image_or_of_other_platforms_alone_is_none_UP4()
    {
        _server.AddImage("same:1.0", One(1));
        _server.AddImage("same:1.1", One(1));
        AddIndex("multi:1.0", "linux/amd64=1 linux/arm64=2");
        AddIndex("multi:1.1", "linux/amd64=1 linux/arm64=3");
        AddIndex("part:1.0", "linux/amd64=1 linux/arm64=2");
        AddIndex("part:1.1", "linux/amd64=5 linux/arm64=2");
        AddIndex("part:1.2", "linux/arm64=4");
        var images = new[]
        {
            await PullOneAsync("same:1.0"), await PullOneAsync("multi:1.0", "linux/amd64"), await PullOneAsync("part:1.0", "linux/amd64"),
        };

        var updates = await AskAsync(images, new UpdateRequest { Tags = true });

        Assert.Equal([null, null, "1.1"], updates.Select(update => update.NewTag));
    }

    [Fact]
    public async Task Moved_tag_says_the_newer_version_too_UP4()
    {
        _server.AddImage("app:1.0", One(1));
        var image = await PullOneAsync("app:1.0");
        _server.AddImage("app:1.0", One(2));
        _server.AddImage("app:1.1", One(3));

        var update = (await AskAsync([image], new UpdateRequest { Tags = true }))[0];

        Assert.Equal((ImageUpdateStatus.NewDigest, "1.1"), (update.Status, update.NewTag));
    }

    [Fact]
    public async Task Name_that_is_gone_is_no_error_and_what_cannot_be_asked_is_one_UP5()
    {
        foreach (var name in new[] { "gone:1", "denied:1", "ok:1" })
        {
            _server.AddImage(name, One(1));
        }

        var images = await PullAsync("gone:1", "denied:1", "ok:1");
        _server.DeleteManifest("gone", "1");
        _server.Faults.Add(new Fault("denied/manifests/", FaultAction.Status(403, """{"errors":[{"code":"DENIED","message":"no"}]}""")));

        var updates = await AskAsync(images);

        Assert.Equal(
            [ImageUpdateStatus.Gone, ImageUpdateStatus.Unknown, ImageUpdateStatus.Current], updates.Select(update => update.Status));
        Assert.Equal([null, ImageErrorKind.Denied, null], updates.Select(update => update.Error));
        Assert.Contains("manifest unknown", updates[0].Reason, StringComparison.Ordinal);
        var (error, target) = Assert.Single(_observer.Errors);
        Assert.Equal((ImageErrorKind.Denied, $"{_server.Host}/denied:1"), (error.Kind, target));
        Assert.Equal(error.Message, updates[1].Reason);
    }

    [Fact]
    public async Task Pinned_name_is_asked_by_its_tag_if_it_has_one_UP5()
    {
        var first = _server.AddImage("app:1", One(1));
        var image = await PullOneAsync($"app@{first.Digest}");
        _server.AddImage("app:1", One(2));

        var update = await AskAsync(image);
        Assert.Equal((ImageUpdateStatus.Current, true), (update.Status, update.Pinned));

        var named = ImageReference.Parse($"{_server.Host}/app:1@{first.Digest}");
        using var updates = new ImageUpdates(new UpdateRequest(), RegistryOptions.Default);
        update = await updates.AskAsync(new UpdateSubject(image) { Asked = named }, _observer, default);
        Assert.Equal((ImageUpdateStatus.NewDigest, true, named.Familiar), (update.Status, update.Pinned, update.Reference));

        _server.DeleteManifest("app", first.Digest);
        Assert.Equal(ImageUpdateStatus.Gone, (await AskAsync(image)).Status);
    }

    [Fact]
    public async Task Image_without_a_name_is_unknown_and_nobody_is_asked_UP5()
    {
        var updates = await AskAsync([new Image { Id = "sha256:" + new string('a', 64) }, new Image { Id = "x", RawName = "*" }]);

        Assert.All(updates, update => Assert.Equal((ImageUpdateStatus.Unknown, null), (update.Status, update.Error)));
        Assert.All(updates, update => Assert.NotNull(update.Reason));
        Assert.Empty(_server.Requests);
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Name_that_was_given_or_moved_here_is_asked_as_it_is_called_UP5()
    {
        _server.AddImage("app:1", One(1));
        var image = await PullOneAsync("app:1");
        _server.AddImage("copy:1", One(1));
        _server.AddImage("else:1", One(2));
        foreach (var name in new[] { "copy:1", "else:1", "local:1" })
        {
            await _store.TagAsync(
                new TagRequest(ImageIdentity.Of(image), ImageReference.Parse($"{_server.Host}/{name}")), _observer, default);
        }

        var updates = await AskAsync(await ListAsync());

        Assert.Equal(
            "app:1 Current copy:1 Current else:1 NewDigest local:1 Gone",
            string.Join(" ", updates.OrderBy(update => update.Reference, StringComparer.Ordinal)
                .Select(update => $"{update.Reference![(_server.Host.Length + 1)..]} {update.Status}")));
    }

    [Theory]
    [InlineData("annotation", false)]
    [InlineData("entry", false)]
    [InlineData("label", false)]
    [InlineData("annotation", true)]
    [InlineData("entry", true)]
    [InlineData("label", true)]
    public async Task Base_image_is_found_by_annotations_and_labels_UP6(string where, bool moves)
    {
        var parent = _server.AddImage("base:1", One(1));
        var said = new Dictionary<string, string> { [BaseName] = $"{_server.Host}/base:1", [BaseDigest] = parent.Digest };
        var spec = new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(9)] };
        _server.AddIndex("app:1", [where switch
        {
            "annotation" => spec with { Annotations = said },
            "entry" => spec with { DescriptorAnnotations = said },
            _ => spec with { Labels = said },
        }]);
        var image = await PullOneAsync("app:1", "linux/amd64");
        var now = moves ? _server.AddImage("base:1", One(2)) : parent;

        var update = await AskAsync(image);

        Assert.Equal(
            (moves ? ImageUpdateStatus.BaseChanged : ImageUpdateStatus.Current, $"{_server.Host}/base:1", parent.Digest, now.Digest),
            (update.Status, update.BaseName, update.BaseDigest, update.NewBaseDigest));
        Assert.Equal(2, Asked().Count);
        Assert.All(Asked(), line => Assert.StartsWith("HEAD ", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("linux/amd64=1 linux/arm64=3", true, ImageUpdateStatus.Current)]
    [InlineData("linux/amd64=1 linux/arm64=3", false, ImageUpdateStatus.Current)]
    [InlineData("linux/amd64=4 linux/arm64=2", true, ImageUpdateStatus.BaseChanged)]
    [InlineData("linux/amd64=4 linux/arm64=2", false, ImageUpdateStatus.BaseChanged)]
    public async Task Base_of_which_only_another_platform_changed_has_not_changed_UP2_UP6(
        string now, bool byIndex, ImageUpdateStatus status)
    {
        var parent = AddIndex("base:1", "linux/amd64=1 linux/arm64=2");
        _server.AddImage("app:1", new ImageSpec
        {
            Layers = [new LayerSpec(1), new LayerSpec(9)],
            Annotations = new Dictionary<string, string>
            {
                [BaseName] = $"{_server.Host}/base:1",
                [BaseDigest] = byIndex ? parent.Digest : parent.Images[0].Digest,
            },
        });
        var image = await PullOneAsync("app:1");
        AddIndex("base:1", now);

        Assert.Equal(status, (await AskAsync(image)).Status);
    }

    [Fact]
    public async Task Base_that_the_user_names_is_compared_by_layers_UP6()
    {
        AddIndex("base:1", "linux/amd64=1 linux/arm64=2");
        _server.AddImage("app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(9)] });
        var image = await PullOneAsync("app:1");
        using var docker = TestDocker.Start(_server);
        using var store = Open(docker);
        var there = Assert.Single(await PullIntoAsync(store, "app:1"));
        var request = new UpdateRequest { Base = ImageReference.Parse($"{_server.Host}/base:1") };

        Assert.Equal(ImageUpdateStatus.Current, (await AskAsync([image], request))[0].Status);
        Assert.Equal(ImageUpdateStatus.Current, (await AskAsync([there], request, store))[0].Status);

        AddIndex("base:1", "linux/amd64=4 linux/arm64=2");
        var update = (await AskAsync([image], request))[0];
        Assert.Equal((ImageUpdateStatus.BaseChanged, $"{_server.Host}/base:1", null), (update.Status, update.BaseName, update.BaseDigest));
        Assert.Equal(ImageUpdateStatus.BaseChanged, (await AskAsync([there], request, store))[0].Status);

        _server.DeleteManifest("base", "1");
        update = (await AskAsync([image], request))[0];
        Assert.Equal(ImageUpdateStatus.Current, update.Status);
        Assert.Contains("is not in its registry", update.Reason, StringComparison.Ordinal);
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Base_at_another_registry_gets_no_password_and_is_not_looked_for_on_this_machine_UP6_SF15()
    {
        await using var other = Server.Start(new TestRegistryOptions { Auth = RegistryAuth.Basic, Users = { ["bob"] = "Pass-Word-1" } });
        other.AddImage("base:1", One(1));
        var said = new Dictionary<string, string> { [BaseName] = $"{other.Host}/base:1", [BaseDigest] = "sha256:" + new string('a', 64) };
        _server.AddImage("app:1", One(1) with { Labels = said });
        var image = await PullOneAsync("app:1");
        var options = RegistryOptions.Default with { Credential = new RegistryCredential("bob", "Pass-Word-1") };

        using var updates = new ImageUpdates(new UpdateRequest(), options);
        var update = await updates.AskAsync(new UpdateSubject(image), _observer, default);

        // The image is current; that its base is not known is a warning, for nobody asked for it.
        Assert.Equal((ImageUpdateStatus.Current, ImageErrorKind.Unauthorized), (update.Status, update.Error));
        Assert.Contains("It is not known whether", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        Assert.NotEmpty(other.Requests);
        Assert.All(other.Requests, request => Assert.DoesNotContain(
            request.Headers, header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase)));
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Too_many_requests_end_the_registry_with_one_error_and_the_time_UP8()
    {
        await using var other = Server.Start();
        other.AddImage("app:1", One(1));
        _server.AddImage("app:1", One(1));
        var images = Enumerable.Range(1, 30).Select(i => Listed($"app:1.{i}", 'a')).ToList();
        images.Add(new Image { Reference = $"{other.Host}/app:1", Digest = other.AddImage("app:1", One(1)).Digest, Id = "x" });
        _server.Faults.Add(new Fault("manifests/", FaultAction.Status(429, null, ("Retry-After", "3600"))));
        var now = DateTimeOffset.UtcNow;

        var updates = await AskAsync(images);

        Assert.Equal(ImageUpdateStatus.Current, updates[30].Status);
        Assert.All(updates.Take(30), update => Assert.Equal(
            (ImageUpdateStatus.Unknown, ImageErrorKind.RateLimited), (update.Status, update.Error)));
        Assert.All(updates.Take(30), update => Assert.InRange(update.RetryAt!.Value, now.AddMinutes(59), now.AddMinutes(61)));
        Assert.Equal(ImageErrorKind.RateLimited, Assert.Single(_observer.Errors).Error.Kind);
        Assert.InRange(Asked().Count, 1, 8);

        // The next command knows it too.
        Assert.Equal(ImageUpdateStatus.Unknown, (await AskAsync(images[0])).Status);
        Assert.Empty(Asked());
    }

    [Fact]
    public async Task Answer_that_says_that_none_are_left_is_the_last_UP8()
    {
        _server.AddImage("app:1", One(1));
        _server.AddImage("app:2", One(2));
        var images = await PullAsync("app:1", "app:2");
        _server.ClearRequests();
        _server.Faults.Add(new Fault(
            "", FaultAction.ExtraHeaders(("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600"))));
        var now = DateTimeOffset.UtcNow;

        using var updates = new ImageUpdates(new UpdateRequest(), RegistryOptions.Default);
        var first = await updates.AskAsync(new UpdateSubject(images[0]), _observer, default);
        var second = await updates.AskAsync(new UpdateSubject(images[1]), _observer, default);

        Assert.Equal((ImageUpdateStatus.Current, null), (first.Status, first.RetryAt));
        Assert.Equal((ImageUpdateStatus.Unknown, ImageErrorKind.RateLimited), (second.Status, second.Error));
        Assert.InRange(second.RetryAt!.Value, now.AddHours(5.9), now.AddHours(6.1));
        Assert.DoesNotContain(Asked(), line => line.EndsWith("/2", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Docker_registry_tells_all_states_apart_UP1_UP2_UP4_UP5()
    {
        Skip.IfNot(DockerRegistry.IsInstalled, DockerRegistry.Program + " is not installed");
        await using var registry = await DockerRegistry.StartAsync();
        foreach (var (tag, seed) in new[] { ("1.0", 1), ("1.1", 2), ("1.2", 3), ("1.3", 4) })
        {
            await registry.PushImageAsync("app", tag, TestClients.Bytes(10, seed));
        }

        await registry.PushImageAsync("gone", "1", TestClients.Bytes(10, 7));
        var images = await PullFromAsync(registry.Host, _store, "app:1.0", "app:1.1", "app:1.3", "gone:1");
        await registry.PushImageAsync("app", "1.1", TestClients.Bytes(10, 9));
        images[3] = new Image { Reference = $"{registry.Host}/gone:2", Digest = images[3].Digest, Id = images[3].Id };

        var updates = await AskAsync(images, new UpdateRequest { Tags = true });

        Assert.Equal(
            [ImageUpdateStatus.NewTag, ImageUpdateStatus.NewDigest, ImageUpdateStatus.Current, ImageUpdateStatus.Gone],
            updates.Select(update => update.Status));
        Assert.Equal(["1.3", "1.3", null, null], updates.Select(update => update.NewTag));
    }

    private static ImageSpec One(int seed) => new() { Layers = [new LayerSpec(seed)] };

    private static DockerStore Open(TestDocker docker) => new(new DockerClient(
        new DockerEndpoint("docker", DockerAddressKind.Unix, docker.Address, "the test") { Path = docker.SocketPath },
        stop => DockerHttp.ConnectAsync(docker.SocketPath, stop)));

    /// <summary>An image that some list has, with a digest that no registry knows.</summary>
    private Image Listed(string name, char digit) => new()
    {
        Reference = $"{_server.Host}/{name}",
        Digest = "sha256:" + new string(digit, 64),
        Id = "sha256:" + new string('0', 64),
    };

    /// <summary>Adds an index of platforms, each with the number of its image.</summary>
    private BuiltIndex AddIndex(string name, string images) => _server.AddIndex(name, images.Split(' ').Select(text => text.Split('='))
        .Select(pair => ImageSpec.For(pair[0]) with { Layers = [new LayerSpec(int.Parse(pair[1]))] }).ToList());

    private async Task<Image> PullOneAsync(string name, string? platform = null)
    {
        var request = new PullRequest(ImageReference.Parse($"{_server.Host}/{name}"))
        {
            Platform = platform is null ? null : Platform.Parse(platform),
        };
        var images = new List<Image>();
        await foreach (var image in _store.PullAsync(request, _observer, CancellationToken.None))
        {
            images.Add(image);
        }

        return Assert.Single(images);
    }

    private Task<List<Image>> PullAsync(params string[] names) => PullIntoAsync(_store, names);

    private Task<List<Image>> PullIntoAsync(IPullingStore store, params string[] names) => PullFromAsync(_server.Host, store, names);

    private async Task<List<Image>> PullFromAsync(string host, IPullingStore store, params string[] names)
    {
        var images = new List<Image>();
        foreach (var name in names)
        {
            var request = new PullRequest(ImageReference.Parse($"{host}/{name}"));
            await foreach (var image in store.PullAsync(request, _observer, CancellationToken.None))
            {
                images.Add(image);
            }
        }

        return images;
    }

    private async Task<IReadOnlyList<Image>> ListAsync(IImageStore? store = null) =>
        await (store ?? _store).ListAsync(ListRequest.Default, _observer, CancellationToken.None);

    private async Task<ImageUpdate> AskAsync(Image image) => (await AskAsync([image]))[0];

    private async Task<ImageUpdate[]> AskAsync(IReadOnlyList<Image> images, UpdateRequest? request = null, IImageStore? store = null)
    {
        _server.ClearRequests();
        using var updates = new ImageUpdates(request ?? new UpdateRequest(), RegistryOptions.Default);
        return await Task.WhenAll(images.Select(image => updates.AskAsync(
            new UpdateSubject(image) { Store = store ?? _store }, _observer, CancellationToken.None)));
    }

    private List<string> Asked() =>
        _server.Requests.Where(request => request.Path != "/v2/").Select(request => $"{request.Method} {request.Path}").ToList();

    private void Forget() => RegistryMemory.Forget(RegistryEndpoint.For(_server.Host, RegistryOptions.Default));
}
