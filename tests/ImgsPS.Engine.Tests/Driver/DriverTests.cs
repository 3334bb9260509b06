using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The engine's operations through the driver's commands, each in a process of its own, over one store.</summary>
public sealed class DriverTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly DirectoryInfo _store = Directory.CreateTempSubdirectory("imgsps-driver-");

    public void Dispose()
    {
        _registry.Dispose();
        _store.Delete(recursive: true);
    }

    [Fact]
    public async Task Pulled_image_is_listed_described_and_removed_by_later_processes()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Author = "me", Layers = [new LayerSpec(1), new LayerSpec(2)] });
        string[] line = [image.Config.Digest, image.Digest, image.Reference, "linux/amd64", "me"];
        Assert.Equal(line, Assert.Single(Lines(await Run("pull", image.Reference))));
        Assert.Equal(line, Assert.Single(Lines(await Run("list"))));
        Assert.Equal(Encoding.UTF8.GetString(image.Manifest.Bytes.Span), (await Run("manifest", image.Reference, "--raw")).Output);
        Assert.Equal([image.Digest, "linux/amd64"], Assert.Single(Lines(await Run("manifest", image.Reference))));
        Assert.Equal([image.Config.Digest, "linux/amd64"], Assert.Single(Lines(await Run("config", image.Reference))));
        Assert.Equal(image.Layers.Select(l => (l.Blob.Digest, l.DiffId)),
            Lines(await Run("layers", image.Reference)).Select(l => (l[0], l[1])));
        Assert.Equal([(image.Config.Digest, image.Layers[1].DiffId), ("", image.Layers[0].DiffId)],
            Lines(await Run("history", image.Reference)).Select(l => (l[0], l[1])));
        Assert.Equal(image.Reference, Assert.Single(Lines(await Run("remove", image.Reference)))[0]);
        Assert.Empty((await Run("list")).Output);
    }

    [Fact]
    public async Task Names_are_given_one_by_one()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Run("pull", image.Reference);
        var result = await DriverProcess.RunAsync("tag", image.Reference, "a:1", "sha256:1", "b", "--store", _store.FullName);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("refusing to create an ambiguous tag", result.Error, StringComparison.Ordinal);
        Assert.Equal(new[] { "a:1", "b:latest" }, Lines(result).Select(l => l[2]));
        Assert.Equal(3, Lines(await Run("list", "--all")).Length);
        await Run("remove", "a:1", "b", "--no-prune");
        Assert.Single(Lines(await Run("list")));
    }

    [Fact]
    public async Task Damage_is_found_repaired_and_cleaned_up_by_one_process_after_the_other_RS7()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Run("pull", image.Reference);
        Assert.Empty((await Run("test", "--full")).Output);
        var layer = image.Layers[0].Blob.Digest;
        var path = Path.Combine(_store.FullName, "blobs", "sha256", layer[7..]);
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^1] ^= 1;
        File.SetAttributes(path, FileAttributes.Normal);
        await File.WriteAllBytesAsync(path, bytes);

        var test = await DriverProcess.RunAsync("test", "--full", "--store", _store.FullName);
        Assert.Equal(1, test.ExitCode);
        Assert.Equal(["Error", "WrongContent", layer, "False"], Assert.Single(Lines(test)).Take(4));

        Assert.Equal("True", Lines(await Run("repair", "--full", "--refetch"))[0][3]);
        Assert.DoesNotContain("Error", (await Run("test", "--full")).Output, StringComparison.Ordinal);
        string[] optimize = ["optimize", "--grace-seconds", "0", "--include-quarantine"];
        var asked = (await Run([.. optimize, "--dry-run"])).Output;
        Assert.Equal(asked, (await Run(optimize)).Output);
        Assert.Equal($"{bytes.Length}", asked.Trim().Split('\t')[^1]);
        Assert.Empty((await Run("test", "--full")).Output);
    }

    [Fact]
    public async Task Item_that_fails_is_told_and_the_others_go_on()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        var missing = $"{_registry.Host}/team/none:1";
        var result = await DriverProcess.RunAsync("pull", missing, image.Reference, "--store", _store.FullName);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("Error: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(image.Digest, Assert.Single(Lines(result))[1]);
    }

    [Theory]
    [InlineData("a command is missing")]
    [InlineData("there is no command swim", "swim", "x")]
    [InlineData("list has no option --force", "list", "--force")]
    [InlineData("--platform needs a value", "pull", "x", "--platform")]
    [InlineData("wrong number of arguments for pull", "pull")]
    [InlineData("wrong number of arguments for tag", "tag", "app:1")]
    [InlineData("wrong number of arguments for history", "history", "app:1", "app:2")]
    [InlineData("wrong number of arguments for test", "test", "app:1")]
    [InlineData("optimize has no option --full", "optimize", "--full")]
    [InlineData("tag has no option --no-prune", "tag", "app:1", "app:2", "--no-prune")]
    public async Task Command_line_that_is_not_one_ends_with_2(string message, params string[] arguments)
    {
        var result = await DriverProcess.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static string[][] Lines(DriverResult result) =>
        result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split('\t')).ToArray();

    private async Task<DriverResult> Run(params string[] arguments)
    {
        var result = await DriverProcess.RunAsync([.. arguments, "--store", _store.FullName]);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return result;
    }
}
