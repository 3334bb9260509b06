using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
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
    public async Task Demo_runs_to_its_end()
    {
        var demo = await DriverProcess.RunAsync("demo");
        Assert.True(demo.ExitCode == 0, demo.Output + demo.Error);
        Assert.Contains("> remove ", demo.Output, StringComparison.Ordinal);
        Assert.Contains("windows(10.0.20348.2322)/amd64", demo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pulled_image_is_listed_described_and_removed_by_later_processes()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Author = "me" });
        var pulled = Json(await Run("pull", image.Reference, "--json")).Single();
        var listed = Json(await Run("list", "--json")).Single();
        Assert.Equal(pulled.GetProperty("Id").GetString(), listed.GetProperty("Id").GetString());
        Assert.Equal(image.Config.Digest, listed.GetProperty("Id").GetString());
        Assert.Equal(image.Digest, listed.GetProperty("Digest").GetString());
        Assert.Equal("me", listed.GetProperty("Author").GetString());
        Assert.Equal("linux/amd64", listed.GetProperty("Platform").GetString());
        var raw = await DriverProcess.RunAsync("manifest", image.Reference, "--raw");
        Assert.Equal(Encoding.UTF8.GetString(image.Manifest.Bytes.Span), raw.Output);
        var removal = Json(await Run("remove", image.Reference, "--json")).Single();
        Assert.Equal(image.Reference, removal.GetProperty("Untagged")[0].GetString());
        Assert.Empty(Json(await Run("list", "--json")));
    }

    [Fact]
    public async Task Config_history_and_layers_are_the_same_from_store_and_registry()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await Run("pull", image.Reference);
        foreach (var command in new[] { "config", "history", "layers" })
        {
            var remote = await DriverProcess.RunAsync(command, image.Reference, "--remote", "--platform", "linux/amd64", "--json");
            Assert.True(remote.ExitCode == 0, remote.Error);
            var stored = await Run(command, image.Reference, "--json");
            var place = $"\"Store\":{JsonSerializer.Serialize(_store.FullName)}";
            Assert.Contains(place, stored.Output, StringComparison.Ordinal);
            Assert.Equal(remote.Output, stored.Output.Replace(place, "\"Store\":null", StringComparison.Ordinal));
            Assert.Contains(command == "layers" ? "ADD layer seed=1"
                : image.Config.Digest[7..19], (await Run(command, image.Reference)).Output, StringComparison.Ordinal);
        }

        var layers = Json(await Run("layers", image.Reference, "--json"));
        Assert.Equal(image.Layers.Select(l => l.DiffId), layers.Select(l => l.GetProperty("DiffId").GetString()));
    }

    [Fact]
    public async Task Names_are_given_one_by_one()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Run("pull", image.Reference);
        var result = await DriverProcess.RunAsync("tag", image.Reference, "a:1", "sha256:1", "b", "--store", _store.FullName, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("refusing to create an ambiguous tag", result.Error, StringComparison.Ordinal);
        Assert.Equal(new[] { "a:1", "b:latest" }, Json(result).Select(i => i.GetProperty("Reference").GetString()));
        Assert.Equal(3, Json(await Run("list", "--all", "--json")).Length);
        await Run("remove", "a:1", "b", "--no-prune");
        Assert.Single(Json(await Run("list", "--json")));
    }

    [Fact]
    public async Task Damage_is_found_repaired_and_cleaned_up_by_one_process_after_the_other_RS7()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Run("pull", image.Reference);
        Assert.Equal("True", (await Run("test", "--full", "--quiet")).Output.Trim());
        var layer = image.Layers[0].Blob.Digest;
        var path = Path.Combine(_store.FullName, "blobs", "sha256", layer[7..]);
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^1] ^= 1;
        File.SetAttributes(path, FileAttributes.Normal);
        await File.WriteAllBytesAsync(path, bytes);

        var test = await DriverProcess.RunAsync("test", "--full", "--json", "--store", _store.FullName);
        Assert.Equal(1, test.ExitCode);
        var finding = Json(test).Single();
        Assert.Equal("WrongContent", finding.GetProperty("Kind").GetString());
        Assert.Equal("Error", finding.GetProperty("Severity").GetString());
        Assert.Equal(layer, finding.GetProperty("Digest").GetString());
        Assert.Equal("False", (await DriverProcess.RunAsync("test", "--full", "--quiet", "--store", _store.FullName)).Output.Trim());

        Assert.True(Json(await Run("repair", "--full", "--refetch", "--json"))[0].GetProperty("Repaired").GetBoolean());
        Assert.Equal("True", (await Run("test", "--full", "--quiet")).Output.Trim());
        string[] optimize = ["optimize", "--grace-seconds", "0", "--include-quarantine", "--json"];
        var asked = (await Run([.. optimize, "--dry-run"])).Output;
        Assert.Equal(asked, (await Run(optimize)).Output);
        Assert.Contains($"\"BytesFreed\":{bytes.Length},", asked, StringComparison.Ordinal);
        Assert.Empty(Json(await Run("test", "--full", "--json")));
    }

    [Fact]
    public async Task Item_that_fails_is_told_and_the_others_go_on()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        var missing = $"{_registry.Host}/team/none:1";
        var result = await DriverProcess.RunAsync("pull", missing, image.Reference, "--store", _store.FullName, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("Error: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(image.Digest, Json(result).Single().GetProperty("Digest").GetString());
    }

    [Theory]
    [InlineData("a command is missing")]
    [InlineData("there is no command push", "push", "x")]
    [InlineData("list has no option --force", "list", "--force")]
    [InlineData("--platform needs a value", "pull", "x", "--platform")]
    [InlineData("wrong number of arguments for pull", "pull")]
    [InlineData("wrong number of arguments for tag", "tag", "app:1")]
    [InlineData("wrong number of arguments for history", "history", "app:1", "app:2")]
    [InlineData("wrong number of arguments for test", "test", "app:1")]
    [InlineData("optimize has no option --full", "optimize", "--full")]
    [InlineData("tag has no option --remote", "tag", "app:1", "app:2", "--remote")]
    public async Task Command_line_that_is_not_one_ends_with_2(string message, params string[] arguments)
    {
        var result = await DriverProcess.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static JsonElement[] Json(DriverResult result) => result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonDocument.Parse(line).RootElement).ToArray();

    private async Task<DriverResult> Run(params string[] arguments)
    {
        var result = await DriverProcess.RunAsync([.. arguments, "--store", _store.FullName]);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return result;
    }
}
