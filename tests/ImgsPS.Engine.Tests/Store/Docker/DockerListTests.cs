using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class DockerListTests
{
    private const long Noon = 1_705_320_000;
    private const long Second = 1_000_000_000;

    // L1, L3, L4, F1
    [Theory]
    [InlineData(
        "dockerd-20.10",
        "127.0.0.1:5055/team/multi:arm64 9d42 - False"
        + " | 127.0.0.1:5055/team/multi:amd64 ddd9 cfdc False c1"
        + " | 127.0.0.1:5055/team/multi@sha256:8ee33358828e88b0f2d10ef6ab27c0e374c745220a9700d82ef45d8f186e7089 9a6d 8ee3 True"
        + " | <none> f11d - True"
        + " | 127.0.0.1:5055/debian/minbase:12 a683 12fd False"
        + " | 127.0.0.1:5055/team/busybox:1.35 0493 a19e False c2 "
        + "| 127.0.0.1:5055/team/busybox:latest 0493 a19e False c2")]
    [InlineData(
        "podman-4.3", "127.0.0.1:5055/team/busybox:1.35 0493 a19e False dk1 | localhost/docker-a:1 0493 a19e False dk1")]
    [InlineData(
        "containerd-1.48",
        "ubuntu:24.04 1111 1111 False web | ubuntu:latest 1111 1111 False web"
        + " | app@sha256:2222222222222222222222222222222222222222222222222222222222222222 2222 2222 False"
        + " | <none> 3333 3333 True")]
    public async Task Rows_are_those_of_the_answer(string docker, string expected)
    {
        using var test = Canned(DockerUnderTest.Answer(docker + "-images.json"), DockerUnderTest.Answer(docker + "-containers.json"));

        var rows = await test.ListAsync();

        Assert.Equal(expected, string.Join(" | ", rows.Select(Describe)));
        Assert.All(rows, r => Assert.Equal(r.UsedBy.Count > 0, r.InUse));
        Assert.All(rows, r => Assert.Equal("docker", r.Store));
    }

    [Fact]
    public async Task Row_has_what_the_list_tells_and_nothing_else()
    {
        using var test = Canned(DockerUnderTest.Answer("containerd-1.48-images.json"), "[]");

        var rows = await test.ListAsync();

        Assert.Equal("docker.io", rows[0].Registry);
        Assert.Equal("ubuntu", rows[0].Repository);
        Assert.Equal("24.04", rows[0].Tag);
        Assert.Equal("application/vnd.oci.image.index.v1+json", rows[0].MediaType);
        Assert.Equal(117291123, rows[0].Size);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1709564400), rows[0].Created);
        Assert.Equal("24.04", rows[0].Labels["org.opencontainers.image.version"]);
        Assert.Null(rows[0].Platform);
        Assert.Null(rows[0].PulledAt);
        Assert.Null(rows[2].Tag);
        Assert.Null(rows[3].Created);
        Assert.Null(rows[3].Repository);
    }

    [Theory]
    [InlineData("null", "")]
    [InlineData("[]", "")]
    [InlineData("[null,1,{},{\"Id\":null}]", "")]
    [InlineData("[{\"Id\":\"ID\"}]", "<none> 0493 - True")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":null,\"RepoDigests\":null,\"Labels\":null,\"Created\":null}]", "<none> 0493 - True")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":[\"docker.io/library/a:1\"]}]", "a:1 0493 - False")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":[\"a:1\"],\"RepoDigests\":[\"<none>@<none>\"]}]", "a:1 0493 - False")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":[\"A B:1\"],\"Created\":-62135596800}]", "<none> (A B:1) 0493 - False")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":[\"a:1\\u001b[2J\"]}]", "<none> (a:1?[2J) 0493 - False")]
    [InlineData("[{\"Id\":\"ID\",\"RepoTags\":[\"*\",\"a[b]\"]}]", "<none> (*) 0493 - False | <none> (a[b]) 0493 - False")]
    public async Task Odd_answers_never_break_the_list(string images, string expected)
    {
        using var test = Canned(images.Replace("ID", "0493bc99476bf47bb16df9577b7734d090866ed42af061fd9b324001f20fb023",
            StringComparison.Ordinal), "null");

        Assert.Equal(expected, string.Join(" | ", (await test.ListAsync()).Select(Describe)));
    }

    // L3: podman's list says which digest is the manifest's, its inspection does not.
    [Theory]
    [InlineData('1', '2')]
    [InlineData('2', '1')]
    public async Task Of_the_digests_of_an_image_that_came_by_an_index_the_index_counts(char manifest, char index)
    {
        var id = new string('3', 64);
        var image = $$"""
            {"Id":"sha256:{{id}}","RepoTags":["r.example/a:1"],
             "RepoDigests":["r.example/a@sha256:{{new string('1', 64)}}","r.example/a@sha256:{{new string('2', 64)}}"]
            """;
        using var test = Canned($$"""[{{image}},"Digest":"sha256:{{new string(manifest, 64)}}"}]""", "null");
        test.Can("GET", "/images/.+/json", image + "}");
        test.Can("GET", "/images/.+/history", "[]");
        test.Can("DELETE", "/images/", $$"""[{"Untagged":"r.example/a:1"}]""");

        var row = Assert.Single(await test.ListAsync());

        Assert.Equal("sha256:" + new string(index, 64), row.Digest);
        Assert.Equal("r.example/a:1", Assert.Single((await test.RemoveAsync(ImageIdentity.Of(row))).Untagged));
    }

    // F1: podman's ids of parents have no sha256:.
    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    public async Task Image_that_another_one_is_built_on_is_not_dangling(string prefix)
    {
        var parent = new string('1', 64);
        var child = new string('2', 64);
        using var test = Canned(
            $$"""[{"Id":"sha256:{{parent}}","RepoTags":[]},{"Id":"sha256:{{child}}","RepoTags":["a:1"],"ParentId":"{{prefix}}{{parent}}"}]""", "null");

        Assert.Equal("<none> 1111 - False | a:1 2222 - False", string.Join(" | ", (await test.ListAsync()).Select(Describe).Order()));
    }

    [Theory]
    [InlineData("/images/json")]
    [InlineData("/containers/json")]
    public async Task Answer_that_is_no_list_is_a_failure(string path)
    {
        using var test = new DockerUnderTest();
        test.Can("GET", path, "{\"Id\":1}");

        var e = await Assert.ThrowsAsync<ImageException>(() => test.ListAsync());

        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
    }

    [Fact]
    public async Task Containers_that_cannot_be_listed_fail_the_list()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Engine.Fault(DockerFault.Status("GET", "/containers/json", 500, "no containers today"));

        var e = await Assert.ThrowsAsync<ImageException>(() => test.ListAsync());

        Assert.Equal("no containers today", e.Message);
    }

    [Fact]
    public async Task List_asks_twice_and_once_for_each_image_that_it_shows_and_does_not_know()
    {
        using var test = new DockerUnderTest();
        for (var i = 0; i < 20; i++)
        {
            test.Engine.AddImage(new TestDockerImage { Tags = [$"app:{i}"], Created = (Noon + i) * Second });
        }

        Assert.Equal(20, (await test.Store.ListAsync(ListRequest.Names, test.Observer, default)).Count);
        Assert.Equal(["/containers/json", "/images/json"], Asked(test));

        Assert.Equal("linux/amd64", Assert.Single(await test.ListAsync("reference=app:7")).Platform?.ToString());
        Assert.Equal(3, Asked(test).Length);

        Assert.All(await test.ListAsync(), row => Assert.Equal("linux", row.OS));
        Assert.Equal(2 + 19, Asked(test).Length);

        Assert.All(await test.ListAsync(), row => Assert.Equal("linux", row.OS));
        Assert.Equal(["/containers/json", "/images/json"], Asked(test));
    }

    [Fact]
    public async Task What_is_known_of_images_is_kept_for_other_commands_and_processes()
    {
        using var folder = new TempFolder();
        using var test = new DockerUnderTest(contents: Path.Combine(folder.Path, "imgsps", "docker"));
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Platform = "linux/arm64/v8" });
        var first = Assert.Single(await test.ListAsync());
        Assert.Equal(3, Asked(test).Length);

        using (var second = test.Again(sameProcess: true))
        {
            Assert.Equal(first.Platform, Assert.Single(await second.ListAsync(new ListRequest(), test.Observer, default)).Platform);
        }

        using (var third = test.Again(sameProcess: false))
        {
            var row = Assert.Single(await third.ListAsync(new ListRequest(), test.Observer, default));
            Assert.Equal(
                ("linux/arm64/v8", string.Join(" ", first.Layers.Select(l => l.DiffId))),
                (row.Platform?.ToString(), string.Join(" ", row.Layers.Select(l => l.DiffId))));
        }

        Assert.Equal(4, Asked(test).Length);
        Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "imgsps", "docker")));
    }

    [SkippableTheory]
    [InlineData("nothing may be written")]
    [InlineData("no JSON")]
    [InlineData("another JSON")]
    [InlineData("a diff id that is none")]
    [InlineData("a folder in its place")]
    [InlineData("a link in its place")]
    [InlineData("a file in its folder's place")]
    public async Task List_is_whole_where_what_is_known_cannot_be_kept_or_read(string what)
    {
        using var folder = new TempFolder();
        var place = Path.Combine(folder.Path, "docker");
        using var test = new DockerUnderTest(contents: place);
        var id = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        var file = new DockerContentFile(place, test.Engine.Address, true).FilePath;
        Directory.CreateDirectory(place);
        switch (what)
        {
            case "no JSON":
                File.WriteAllText(file, "{");
                break;
            case "another JSON":
                File.WriteAllText(file, "{\"images\":[1]}");
                break;
            case "a diff id that is none":
                File.WriteAllText(file, $"{{\"images\":{{\"{id}\":{{\"os\":\"x\",\"architecture\":\"y\",\"diffIds\":[\"no\"]}}}}}}");
                break;
            case "a folder in its place":
                Directory.CreateDirectory(file);
                break;
            case "a link in its place":
                Skip.If(OperatingSystem.IsWindows(), "Links of Unix.");
                File.WriteAllText(Path.Combine(folder.Path, "victim"), "{}");
                UnixNodes.Link(Path.Combine(folder.Path, "victim"), file);
                break;
            case "a file in its folder's place":
                Directory.Delete(place);
                File.WriteAllText(place, "");
                break;
        }

        using var store = test.Again(sameProcess: false, canWrite: what != "nothing may be written");
        var row = Assert.Single(await store.ListAsync(new ListRequest(), test.Observer, default));
        Assert.Equal("linux/amd64", row.Platform?.ToString());
        Assert.Empty(test.Observer.Warnings);
        if (what == "nothing may be written")
        {
            Assert.Empty(Directory.GetFileSystemEntries(place));
        }
        else if (what == "a link in its place")
        {
            Assert.Equal("{}", File.ReadAllText(Path.Combine(folder.Path, "victim")));
        }
    }

    [Fact]
    public async Task Image_that_Docker_cannot_show_is_listed_without_what_is_not_known()
    {
        using var test = new DockerUnderTest();
        var broken = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:2"], Created = Noon * Second });
        test.Engine.Fault(new DockerFault("GET", $"/images/{broken}/json", FaultAction.Status(500, "{\"message\":\"layer does not exist\"}")));
        var rows = await test.ListAsync();
        Assert.Equal([null, "linux"], rows.OrderBy(r => r.Tag).Select(r => r.OS));
        Assert.Contains("layer does not exist", Assert.Single(test.Observer.Warnings), StringComparison.Ordinal);
    }

    /// <summary>The paths that were asked for, without the version, since the last call.</summary>
    private static string[] Asked(DockerUnderTest test)
    {
        var asked = test.Engine.Requests.Where(r => !r.Path.EndsWith("_ping", StringComparison.Ordinal))
            .Select(r => r.Path[r.Path.IndexOf('/', 1)..]).Order(StringComparer.Ordinal).ToArray();
        test.Engine.ClearRequests();
        return asked;
    }

    // F3, F4
    [Theory]
    [InlineData("since=app:2", "app:4 app:3")]
    [InlineData("before=app:3", "app:1 app:2")]
    [InlineData("before=app:3 before=app:2", "app:1")]
    [InlineData("since=app:3 since=app:1", "app:4")]
    [InlineData("since=app:1 before=app:4 reference=*:3", "app:3")]
    public async Task Moments_are_compared_to_the_nanosecond(string filters, string expected)
    {
        using var test = new DockerUnderTest();
        for (var i = 1; i <= 4; i++)
        {
            test.Engine.AddImage(new TestDockerImage { Tags = [$"app:{i}"], Created = (Noon * Second) + (i * 1000) });
        }

        var names = (await test.NamesAsync(filters.Split(' '))).Split(' ');

        // The list has seconds: among these rows the reference decides the order.
        Assert.Equal(expected.Split(' ').Order(), names.Order());
    }

    [Fact]
    public async Task Moments_of_images_that_are_not_there_or_have_none_are_failures()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Created = null });

        var missing = await Assert.ThrowsAsync<ImageException>(() => test.ListAsync("before=nosuch"));
        var without = await Assert.ThrowsAsync<ImageException>(() => test.ListAsync("since=app:1"));

        Assert.Equal((ImageErrorKind.NotFound, "No such image: nosuch:latest"), (missing.Kind, missing.Message));
        Assert.Equal(ImageErrorKind.InvalidArgument, without.Kind);
    }

    // L6, F1
    [Fact]
    public async Task Parents_are_listed_on_request_and_are_not_dangling()
    {
        using var test = new DockerUnderTest();
        var parent = test.Engine.AddImage(new TestDockerImage { Created = Noon * Second });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Parent = parent, Created = (Noon + 1) * Second, Layers = [] });

        var all = await test.Store.ListAsync(new ListRequest { All = true }, test.Observer, default);

        Assert.Equal("app:1", await test.NamesAsync());
        Assert.Equal(new[] { "app:1", null }, all.Select(i => i.Reference));
        Assert.False(all[1].Dangling);
    }

    private static DockerUnderTest Canned(string images, string containers)
    {
        var test = new DockerUnderTest();
        test.Can("GET", "/images/json", images);
        test.Can("GET", "/containers/json", containers);
        return test;
    }

    private static string Describe(Image i) =>
        ($"{i.Reference ?? "<none>"}{(i.RawName is null ? "" : $" ({i.RawName})")} {i.Id.Substring(7, 4)} "
            + $"{i.Digest?.Substring(7, 4) ?? "-"} {i.Dangling} " + string.Join(",", i.UsedBy)).TrimEnd();
}
