using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>Config, history and layers in every store: U10.</summary>
public abstract class InspectContract : StoreContract
{
    private protected InspectContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Text_of_a_config_is_the_bytes_that_the_id_is_the_digest_of()
    {
        // What no property has, white space and all.
        var image = await TakeAsync(Registry.AddEdited("team/app:1", Spec(1), config => config["x-own"] = "  \u00e9 "));

        var text = await ImageReader.GetConfigTextAsync(
            Store, ImageIdentity.Of(image.Reference), null, RegistryOptions.Default, Observer, CancellationToken.None);

        Assert.Equal(image.Config.Digest, "sha256:" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text))).ToLowerInvariant());
    }

    [SkippableFact]
    public async Task Config_says_how_the_image_runs()
    {
        var image = await TakeAsync(Registry.AddEdited("team/app:1", Spec(1, Day(5), ("env", "prod")) with { Author = "Ann" }, config =>
        {
            var run = config["config"]!;
            run["Env"] = new JsonArray("PATH=/bin", "EMPTY=");
            run["Entrypoint"] = new JsonArray("/entry");
            run["Cmd"] = new JsonArray("serve", "--all");
            run["WorkingDir"] = "/srv";
            run["User"] = "app:app";
            run["ExposedPorts"] = new JsonObject { ["80/tcp"] = new JsonObject() };
            run["Volumes"] = new JsonObject { ["/data"] = new JsonObject() };
            run["StopSignal"] = "SIGINT";
        }));

        var config = await ConfigAsync(image.Reference);

        Assert.Equal((image.Reference, image.Config.Digest, Under.Name), (config.Reference, config.Id, config.Store));
        Assert.Equal((Day(5), "Ann", "linux/amd64"), (config.Created, config.Author, config.Platform?.ToString()));
        Assert.Equal(("/bin", ""), (config.Env["PATH"], config.Env["EMPTY"]));
        Assert.Equal(["/entry"], config.Entrypoint);
        Assert.Equal(["serve", "--all"], config.Command);
        Assert.Equal(("/srv", "app:app", "SIGINT"), (config.WorkingDirectory, config.User, config.StopSignal));
        Assert.Equal(["80/tcp"], config.ExposedPorts);
        Assert.Equal(["/data"], config.Volumes);
        Assert.Equal("prod", config.Labels["env"]);
    }

    [SkippableFact]
    public async Task History_is_last_step_first_and_knows_the_layers()
    {
        var image = await TakeAsync(Registry.AddEdited("team/app:1", TwoLayers(1, 2), config => config["history"] = History()));

        var steps = await HistoryAsync(image.Reference);

        Assert.Equal(["RUN app", "ENV", "ADD base"], steps.Select(s => s.CreatedBy));
        Assert.Equal([false, true, false], steps.Select(s => s.EmptyLayer));
        Assert.Equal([image.Layers[1].DiffId, null, image.Layers[0].DiffId], steps.Select(s => s.DiffId));
        Assert.Equal(
            Traits.KeepsCompressed ? [image.Layers[1].Blob.Size, 0, image.Layers[0].Blob.Size] : new long?[] { 5000, 0, 3000 },
            steps.Select(s => s.Size));
        Assert.Equal([Day(3), Day(2), Day(1)], steps.Select(s => s.Created));
        Assert.All(steps, s => Assert.Equal((image.Reference, Under.Name), (s.Reference, s.Store)));
    }

    [SkippableFact]
    public async Task Layers_are_bottom_first_with_chain_ids_U10()
    {
        var image = await TakeAsync(Registry.AddEdited("team/app:1", TwoLayers(1, 2), config => config["history"] = History()));

        var layers = await LayersAsync(image.Reference);

        var (bottom, top) = (image.Layers[0], image.Layers[1]);
        var chain = "sha256:" + Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes($"{bottom.DiffId} {top.DiffId}")))
            .ToLowerInvariant();
        Assert.Equal([bottom.DiffId, top.DiffId], layers.Select(l => l.DiffId));
        Assert.Equal([bottom.DiffId, chain], layers.Select(l => l.ChainId));
        Assert.Equal(["ADD base", "RUN app"], layers.Select(l => l.CreatedBy));
        Assert.Equal(Traits.KeepsCompressed ? [bottom.Blob.Digest, top.Blob.Digest] : [null, null], layers.Select(l => l.Digest));
        Assert.Equal(Traits.KeepsCompressed ? [bottom.Blob.MediaType, top.Blob.MediaType] : [null, null], layers.Select(l => l.MediaType));
        Assert.Equal(Traits.KeepsCompressed ? [bottom.Blob.Size, top.Blob.Size] : new long?[] { 3000, 5000 }, layers.Select(l => l.Size));
        Assert.All(layers, l => Assert.Empty(l.SharedWith));
    }

    [SkippableFact]
    public async Task Layer_is_shared_with_images_that_have_it_on_the_same_layers()
    {
        var image = await SeedAsync("team/app:1", TwoLayers(1, 2));
        await TagAsync(image.Reference, "same:1");
        await SeedAsync("team/tool:1", TwoLayers(1, 3));
        await SeedAsync("team/turned:1", new ImageSpec { Layers = [new LayerSpec(2, 5000), new LayerSpec(1, 3000)] });

        var layers = await LayersAsync(image.Reference);

        Assert.Equal([Name("team/tool:1")], layers[0].SharedWith);
        Assert.Empty(layers[1].SharedWith);
    }

    [SkippableFact]
    public async Task Platform_that_the_image_is_not_for_is_an_error_U5()
    {
        var image = await SeedAsync("team/app:1");

        Assert.Equal(image.Config.Digest, (await ConfigAsync(image.Reference, "linux/amd64")).Id);
        var error = await FailsAsync(ImageErrorKind.NotFound, () => ConfigAsync(image.Reference, "linux/s390x"));
        Assert.StartsWith("no matching manifest for linux/s390x", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Unknown_image_has_no_config_history_or_layers_D12()
    {
        await FailsAsync(ImageErrorKind.NotFound, () => ConfigAsync("nosuch"));
        await FailsAsync(ImageErrorKind.NotFound, () => HistoryAsync("nosuch"));
        await FailsAsync(ImageErrorKind.NotFound, () => LayersAsync("nosuch"));
    }

    private Task<ImageConfig> ConfigAsync(string image, string platform) =>
        Store.GetConfigAsync(ImageIdentity.Of(image), Platform.Parse(platform), Observer, CancellationToken.None);

    private static ImageSpec TwoLayers(int bottom, int top) => new() { Layers = [new LayerSpec(bottom, 3000), new LayerSpec(top, 5000)] };

    private static JsonArray History() => new(
        new JsonObject { ["created"] = "2024-03-01T12:00:00Z", ["created_by"] = "ADD base" },
        new JsonObject { ["created"] = "2024-03-02T12:00:00Z", ["created_by"] = "ENV", ["empty_layer"] = true },
        new JsonObject { ["created"] = "2024-03-03T12:00:00Z", ["created_by"] = "RUN app" });
}
