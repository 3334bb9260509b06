using System;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class DockerRemovalTests
{
    private const string Digest1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    private static readonly TestDockerLayer Base = TestDockerLayer.Make(1, 1000);

    // D3, P6
    [Fact]
    public async Task Bytes_freed_are_those_of_the_layers_that_went()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["base:1"], Layers = [Base] });
        test.Engine.AddImage(new TestDockerImage
        {
            Tags = ["app:1"],
            Layers = [Base, TestDockerLayer.Make(2, 20), TestDockerLayer.Make(3, 3)]
        });

        var shared = await test.RemoveAsync("app:1");
        var whole = await test.RemoveAsync("base:1");

        Assert.Equal(23, shared.BytesFreed);
        Assert.Equal(3, shared.Deleted.Count);
        Assert.Equal("app:1", Assert.Single(shared.Untagged));
        Assert.Equal(1000, whole.BytesFreed);
    }

    // D1
    [Fact]
    public async Task Name_that_is_not_the_last_is_only_untagged()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "app:2"] });

        var removal = await test.RemoveAsync("docker.io/library/app:1");

        Assert.Equal("app:1", Assert.Single(removal.Untagged));
        Assert.Empty(removal.Deleted);
        Assert.Equal(0, removal.BytesFreed);
        Assert.Equal("app:2", await test.NamesAsync());
    }

    // D4-D6, D9
    [Theory]
    [InlineData("id", false, ImageErrorKind.Conflict, "image is referenced in multiple repositories",
        "Use -Force to remove app:1, other:1, or remove them by name.")]
    [InlineData("used:1", false, ImageErrorKind.InUse, "(must force) - container", "Remove the container first, or use -Force")]
    [InlineData("used", true, ImageErrorKind.InUse, "image is being used by running container", "Stop and remove the container first")]
    [InlineData("parent", false, ImageErrorKind.InUse, "image has dependent child images",
        "Remove the images that were built on it first.")]
    public async Task Conflicts_are_Dockers_words_with_advice(string what, bool force, ImageErrorKind kind, string words, string advice)
    {
        using var test = new DockerUnderTest();
        var id = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "other:1"] });
        var used = test.Engine.AddImage(new TestDockerImage { Tags = ["used:1"], Layers = [TestDockerLayer.Make(7)] });
        test.Engine.AddContainer("used:1", "c1", running: true);
        var parent = test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(8)] });
        test.Engine.AddImage(new TestDockerImage { Tags = ["child:1"], Parent = parent, Layers = [TestDockerLayer.Make(9)] });
        var name = what switch { "id" => id, "used" => used, "parent" => parent, _ => what };

        var e = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync(name, force));

        Assert.Equal(kind, e.Kind);
        Assert.Contains(words, e.Message);
        Assert.StartsWith("conflict: unable to", e.Message);
        Assert.StartsWith(advice, e.Advice);
    }

    // D4-D6: podman's answers, and its ids without sha256:.
    [Theory]
    [InlineData(500, "unable to delete image \"1f\" by ID with more than one tag ([a:1 b:1]): please force removal",
        ImageErrorKind.Conflict, "Use -Force to remove app:1, ")]
    [InlineData(
        409,
        "image used by 1f: image is in use by a container: consider listing external containers and force-removing image",
        ImageErrorKind.InUse,
        "Remove the container first; with -Force podman removes the image's containers too")]
    public async Task Conflicts_of_podman_have_its_words_and_advice_of_their_own(int status, string words, ImageErrorKind kind,
        string advice)
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Engine.Fault(DockerFault.Status("DELETE", "/images/", status, words));

        var e = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync("app:1"));

        Assert.Equal((kind, words), (e.Kind, e.Message));
        Assert.StartsWith(advice.TrimEnd(',', ' '), e.Advice);
    }

    [Fact]
    public async Task Removal_of_podman_has_familiar_names_and_whole_ids_and_no_bytes()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("DELETE", "/images/", $$"""[{"Deleted":"{{new string('1', 64)}}"},{"Untagged":"docker.io/library/app:1"}]""");

        var removal = await test.RemoveAsync("app:1");

        Assert.Equal(("app:1", Digest1, 0), (Assert.Single(removal.Untagged), Assert.Single(removal.Deleted), removal.BytesFreed));
        Assert.Contains("podman does not say how many bytes the removal freed", test.Observer.Lines);
    }

    // D12-D14, N4
    [Theory]
    [InlineData("nosuch", ImageErrorKind.NotFound, "No such image: nosuch:latest")]
    [InlineData("app", ImageErrorKind.NotFound, "No such image: app:latest")]
    [InlineData("0493", ImageErrorKind.NotFound, "No such image: 0493:latest")]
    [InlineData("t/Bad:1", ImageErrorKind.InvalidReference, "invalid reference format: repository name (t/Bad) must be lowercase")]
    public async Task What_is_not_there_is_not_found(string text, ImageErrorKind kind, string message)
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });

        var e = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync(text));

        Assert.Equal((kind, message), (e.Kind, e.Message));
        Assert.DoesNotContain(test.Engine.Requests, r => r.Method == "DELETE");
    }

    // D13
    [Fact]
    public async Task Prefix_and_digest_of_a_repository_find_the_image()
    {
        using var test = new DockerUnderTest();
        var id = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        var other = test.Engine.AddImage(
            new TestDockerImage { Tags = ["other:1"], RepoDigests = ["other@" + Digest1], Layers = [TestDockerLayer.Make(5)] });

        Assert.Equal("app:1", Assert.Single((await test.RemoveAsync(id.Substring(7, 9))).Untagged));
        Assert.Contains(other, (await test.RemoveAsync(Digest1)).Deleted);
        Assert.Empty(await test.ListAsync());
    }

    [Fact]
    public async Task Listed_image_whose_tag_moved_stays()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        var listed = ImageIdentity.Of((await test.ListAsync())[0]);
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Layers = [TestDockerLayer.Make(5)] });

        var e = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync(listed, force: true));

        Assert.Equal((ImageErrorKind.Conflict, "the tag was moved since it was listed: app:1"), (e.Kind, e.Message));
        Assert.Equal(2, (await test.ListAsync()).Length);
    }

    [Fact]
    public async Task Listed_image_without_name_that_was_named_stays()
    {
        using var test = new DockerUnderTest();
        var id = test.Engine.AddImage(new TestDockerImage());
        var listed = ImageIdentity.Of((await test.ListAsync())[0]);
        await test.Store.TagAsync(new TagRequest(ImageIdentity.Of(id), ImageReference.Parse("app")), test.Observer, default);

        var e = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync(listed));

        Assert.Equal((ImageErrorKind.Conflict, "the image was given a name since it was listed: app:latest"), (e.Kind, e.Message));
    }

    [Fact]
    public async Task Listed_images_are_removed_as_they_were_listed()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "app:2"] });
        test.Engine.AddImage(new TestDockerImage { RepoDigests = ["pinned@" + Digest1], Layers = [TestDockerLayer.Make(5)] });
        test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(6)] });

        foreach (var image in (await test.ListAsync()).Where(i => i.Reference != "app:2"))
        {
            Assert.Equal(image.ToString(), (await test.RemoveAsync(ImageIdentity.Of(image))).Image);
        }

        Assert.Equal("app:2", await test.NamesAsync());
    }

    [Fact]
    public async Task Removal_that_is_not_measured_asks_less()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });

        var removal = await test.Store.RemoveAsync(
            new RemovalRequest(ImageIdentity.Of("app:1")) { Measure = false, NoPrune = true, Force = true }, test.Observer, default);

        Assert.Equal(0, removal.BytesFreed);
        Assert.DoesNotContain(test.Engine.Requests, r => r.Path.EndsWith("/history", System.StringComparison.Ordinal));
        var delete = Assert.Single(test.Engine.Requests, r => r.Method == "DELETE");
        Assert.Equal(("1", "1"), (delete.Parameter("force"), delete.Parameter("noprune")));
    }

    // SF9: Docker is never told a name that is none. By its id the image goes, and with it each of its names.
    [Theory]
    [InlineData("""["*"]""", true)]
    [InlineData("""["*","app:1"]""", false)]
    public async Task Image_with_a_name_that_is_no_reference_goes_by_its_id_unless_it_has_others(string tags, bool goes)
    {
        using var test = new DockerUnderTest();
        var id = "sha256:" + new string('1', 64);
        var image = $$"""{"Id":"{{id}}","RepoTags":{{tags}},"RootFS":{"Type":"layers","Layers":[]} }""";
        test.Can("GET", "/images/json", $"[{image}]");
        test.Can("GET", "/containers/json", "[]");
        test.Can("GET", $"/images/{id}/json", image);
        test.Can("GET", $"/images/{id}/history", "[]");
        test.Can("DELETE", $"/images/{id}", $$"""[{"Deleted":"{{id}}"}]""");
        var odd = Assert.Single(await test.ListAsync(), listed => listed.RawName == "*");

        Assert.Equal(ImageErrorKind.InvalidReference, (await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync("*"))).Kind);
        if (goes)
        {
            Assert.Equal(new[] { id }, (await test.RemoveAsync(ImageIdentity.Of(odd))).Deleted);
        }
        else
        {
            var failure = await Assert.ThrowsAsync<ImageException>(() => test.RemoveAsync(ImageIdentity.Of(odd), force: true));
            Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
            Assert.DoesNotContain(test.Engine.Requests, request => request.ToString().StartsWith("DELETE", StringComparison.Ordinal));
        }

        Assert.DoesNotContain(test.Engine.Requests, request => request.ToString().Contains("/images/%2A", StringComparison.Ordinal)
            || request.ToString().Contains("/images/*", StringComparison.Ordinal));
    }
}
