using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

/// <summary>EN5: an image of any store is in use when a container of a Docker Engine was made from it, whatever its name there.</summary>
public sealed class ImageUsesTests
{
    private const string Busybox = "sha256:0493bc99476bf47bb16df9577b7734d090866ed42af061fd9b324001f20fb023";
    private const string BusyboxManifest = "sha256:a19e839230cafa5335be90f7a905e3ac0d02759c4be6e64099dabebecd0bb7fc";

    [Theory]
    [InlineData("dockerd-20.10", Busybox, null, null, "c2")]
    [InlineData("dockerd-20.10", null, BusyboxManifest, null, "c2")]
    [InlineData("podman-4.3", Busybox, null, null, "dk1")]
    [InlineData("podman-4.3", null, null, BusyboxManifest, "dk1")]
    [InlineData("containerd-1.48", null, "1111", null, "web")]
    [InlineData("containerd-1.48", null, "5555", "4444", "web")]
    [InlineData("containerd-1.48", null, "2222", "2222", null)]
    [InlineData("containerd-1.48", "3333", null, null, null)]
    public async Task Images_are_found_by_config_manifest_and_index_EN5(
        string docker, string? id, string? digest, string? manifest, string? user)
    {
        using var test = new DockerUnderTest();
        test.Can("GET", "/images/json", DockerUnderTest.Answer(docker + "-images.json"));
        test.Can("GET", "/containers/json", DockerUnderTest.Answer(docker + "-containers.json"));
        var uses = await test.Store.GetUsesAsync(test.Observer, default);

        var marked = uses.Mark(Row(id, digest, manifest));

        Assert.Equal(user is not null, marked.InUse);
        Assert.Equal(user is null ? [] : [user], marked.UsedBy.Select(text => text.Split(' ')[0]));
        Assert.All(marked.UsedBy, text => Assert.Matches(@"^\w+ \([0-9a-f]{12}\) on docker$", text));
    }

    [Fact]
    public async Task An_image_that_its_docker_no_longer_lists_is_in_use_EN5()
    {
        using var test = new DockerUnderTest();
        test.Can("GET", "/images/json", "[]");
        test.Can("GET", "/containers/json", $$"""
            [{"Id":"c1","Names":["/web"],"Image":"reg/app@{{Long("7777")}}","ImageID":"{{Long("8888")}}","State":"running"}]
            """);
        var uses = await test.Store.GetUsesAsync(test.Observer, default);

        Assert.True(uses.Mark(Row("8888", null, null)).InUse);
        Assert.True(uses.Mark(Row(null, "7777", null)).InUse);
        Assert.False(uses.Mark(Row(null, "9999", null)).InUse);
    }

    [Fact]
    public void What_several_say_is_put_together_and_each_user_comes_once_EN5()
    {
        var (one, other) = (new ImageUses(), new ImageUses());
        one.Add("web (1) on a", [Long("1111"), Long("2222")]);
        other.Add("db (2) on b", [Long("2222")]);
        one.Add(other);
        var own = new Image { Id = Long("1111"), Digest = Long("2222"), InUse = true, UsedBy = ["mine"] };
        var unused = Row("3333", null, null);

        Assert.Equal(["db (2) on b", "mine", "web (1) on a"], one.Mark(own).UsedBy);
        Assert.Equal(["mine"], own.UsedBy);
        Assert.Same(unused, one.Mark(unused));
    }

    [Theory]
    [InlineData("/containers/json")]
    [InlineData("/images/json")]
    public async Task Half_of_the_answer_is_none_EN5(string missing)
    {
        using var test = new DockerUnderTest();
        test.Engine.Fault(DockerFault.Status("GET", missing, 500, "broken"));
        await Assert.ThrowsAsync<ImageException>(() => test.Store.GetUsesAsync(test.Observer, default));
    }

    private static Image Row(string? id, string? digest, string? manifest) => new()
    {
        Id = Long(id ?? "0000"),
        Digest = digest is null ? null : Long(digest),
        ManifestDigest = manifest is null ? null : Long(manifest),
    };

    private static string Long(string digest) =>
        digest.Length > 4 ? digest : "sha256:" + string.Concat(Enumerable.Repeat(digest, 16));
}
