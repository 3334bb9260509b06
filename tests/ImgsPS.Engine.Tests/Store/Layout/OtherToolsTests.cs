using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Other tools read and write the store as it is: an OCI image layout, and nothing else.</summary>
public sealed class OtherToolsTests : IDisposable
{
    private readonly TempStore _store = new();

    [SkippableFact]
    public async Task Skopeo_reads_an_image_and_the_same_digest()
    {
        Skip.IfNot(IsThere("skopeo"), "skopeo is not installed");
        var image = await _store.PutAsync("ubuntu:24.04", new TestImage(labels: new[] { ("env", "prod") }));

        var seen = JsonNode.Parse(Run("skopeo", "inspect", $"oci:{_store.Root}:docker.io/library/ubuntu:24.04"))!;
        Assert.Equal(image.Manifest.Digest.ToString(), (string?)seen["Digest"]);
        Assert.Equal("prod", (string?)seen["Labels"]!["env"]);
        Assert.Equal(image.Layers.Select(l => l.Blob.Digest.ToString()), seen["Layers"]!.AsArray().Select(l => (string)l!));
    }

    [SkippableFact]
    public async Task Skopeo_reads_an_index_of_which_one_platform_is_there()
    {
        Skip.IfNot(IsThere("skopeo"), "skopeo is not installed");
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture);
        var index = await _store.PutIndexAsync("app:1", TestImage.Index(new TestImage("other", platform: "linux/s390x"), here), here);

        Assert.Equal(index.Bytes, System.Text.Encoding.UTF8.GetBytes(
            Run("skopeo", "inspect", "--raw", $"oci:{_store.Root}:docker.io/library/app:1")));
        var config = JsonNode.Parse(Run("skopeo", "inspect", "--config", $"oci:{_store.Root}:docker.io/library/app:1"))!;
        Assert.Equal("SEED=here", (string?)config["config"]!["Env"]![0]);
    }

    [SkippableFact]
    public async Task Skopeo_copies_an_image_out_and_in_and_it_is_listed()
    {
        Skip.IfNot(IsThere("skopeo"), "skopeo is not installed");
        var image = await _store.PutAsync("app:1", new TestImage());
        Run("skopeo", "--insecure-policy", "copy", $"oci:{_store.Root}:docker.io/library/app:1", $"oci:{_store.Root}:copy:2");

        var rows = await _store.ListAsync();
        Assert.Equal(new[] { "app:1", "copy:2" }, rows.Select(r => r.Reference));
        Assert.All(rows, r => Assert.Equal(image.Id, r.Id));
        Assert.Equal(new[] { "copy:2", "copy@" + rows[1].Digest }, (await _store.RemoveAsync("copy:2")).Untagged);
        Assert.True(_store.HasAll(image.Content.ToArray()));
    }

    [SkippableFact]
    public async Task Umoci_unpacks_an_image()
    {
        Skip.IfNot(IsThere("umoci"), "umoci is not installed");

        // umoci splits "layout:tag" at the first colon, and takes words alone for tags.
        await _store.PutAsync("app:1", new TestImage("image", new[] { TestLayer.Of("a.txt", "from a"), TestLayer.Of("b.txt", "from b") }));
        var bundle = _store.Root + "-bundle";
        try
        {
            Run("umoci", "unpack", "--rootless", "--image", $"{_store.Root}:docker.io/library/app:1", bundle);
            Assert.Equal("from a", File.ReadAllText(Path.Combine(bundle, "rootfs", "a.txt")));
            Assert.Equal("from b", File.ReadAllText(Path.Combine(bundle, "rootfs", "b.txt")));
        }
        finally
        {
            if (Directory.Exists(bundle))
            {
                Directory.Delete(bundle, recursive: true);
            }
        }
    }

    [SkippableFact]
    public async Task Umoci_tags_an_image_and_the_tag_is_listed()
    {
        Skip.IfNot(IsThere("umoci"), "umoci is not installed");
        var image = await _store.PutAsync("app:1", new TestImage());
        Run("umoci", "tag", "--image", $"{_store.Root}:docker.io/library/app:1", "release");

        var row = Assert.Single(await _store.ListAsync(), r => r.Reference == "release");
        Assert.Equal(image.Id, row.Id);
        Assert.Equal(new[] { "release" }, (await _store.RemoveAsync("release")).Untagged);
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    private static bool IsThere(string tool)
    {
        try
        {
            Run(tool, "--version");
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', arguments)}: {errors.Result}");
        return output;
    }

    public void Dispose() => _store.Dispose();
}
