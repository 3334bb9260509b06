using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Hosting.Tests;

/// <summary>What Pester, in one runspace of one process, cannot try.</summary>
public sealed class HostingTests : IDisposable
{
    /// <summary>Not a promise about speed: a hang must end the test run and not the machine's patience.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(1);

    private readonly string _store = Path.Combine(Path.GetTempPath(), "imgsps-hosting-" + Guid.NewGuid().ToString("N"));
    private readonly TestRegistry _registry = TestRegistry.Start();

    public void Dispose()
    {
        _registry.Dispose();
        if (Directory.Exists(_store))
        {
            Directory.Delete(_store, recursive: true);
        }
    }

    [Fact]
    public async Task Runspaces_that_pull_at_once_all_have_their_image_in_the_end()
    {
        var images = Enumerable.Range(0, 8)
            .Select(i => _registry.AddImage($"team/app:{i}",
                new ImageSpec { Layers = [new LayerSpec(1, 100_000), new LayerSpec(100 + i)] }))
            .ToList();

        await Task.WhenAll(images.Select(image => Task.Run(() =>
        {
            using var runspace = HostedPowerShell.OpenRunspace();
            var pulled = Assert.Single(Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store));
            Assert.Equal(image.Config.Digest, pulled.Properties["Id"].Value);
        }))).WaitAsync(HangLimit);

        using var reader = HostedPowerShell.OpenRunspace();
        var listed = Invoke(reader, "param($s) Get-Image -Store $s", _store);
        Assert.Equal(
            images.Select(i => i.Reference).Order(StringComparer.Ordinal),
            listed.Select(i => (string)i.Properties["Reference"].Value).Order(StringComparer.Ordinal));
        Assert.Single(_registry.Requests, r => r.Path.EndsWith(images[0].Layers[0].Blob.Digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_in_the_middle_of_a_pull_ends_it_without_an_error_and_the_next_pull_goes_on()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 500_000)] });
        var blob = image.Layers[0].Blob.Digest;
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + blob, FaultAction.StallAfter(200_000), times: 1));
        using var runspace = HostedPowerShell.OpenRunspace();
        using var shell = HostedPowerShell.Script(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store);

        var running = shell.BeginInvoke();
        await Until(() => _registry.Requests.Any(r => r.Path.EndsWith(blob, StringComparison.Ordinal) && r.BytesSent >= 200_000));
        await Task.Run(shell.Stop).WaitAsync(HangLimit);

        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Empty(shell.Streams.Error);
        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
        Assert.Empty(Invoke(runspace, "param($s) Get-Image -Store $s", _store));

        _registry.ClearRequests();
        Assert.Single(Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store));
        var resumed = Assert.Single(_registry.Requests, r => r.Path.EndsWith(blob, StringComparison.Ordinal));
        Assert.StartsWith("bytes=", resumed.Header("Range"), StringComparison.Ordinal);
    }

    [Fact]
    public void Serialized_image_keeps_its_properties_and_still_names_its_image()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec
        {
            Labels = new Dictionary<string, string> { ["env"] = "prod" },
            Variant = null,
            Author = "ops",
        });
        using var runspace = HostedPowerShell.OpenRunspace();
        var pulled = Assert.Single(Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store));

        var copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(pulled));

        Assert.Contains("Deserialized.ImgsPS.Image", copy.TypeNames);
        Assert.Equal(image.Reference, copy.Properties["Reference"].Value);
        Assert.Equal(image.Config.Digest, copy.Properties["Id"].Value);
        Assert.Equal(image.Digest, copy.Properties["Digest"].Value);
        Assert.Equal(image.ContentSize, copy.Properties["Size"].Value);
        // PowerShell does not know DateTimeOffset when it reads the text again: the copy has its properties, and the view still shows its
        // age.
        Assert.Equal("2024-01-15T08:30:00",
            Assert.Single(Invoke(runspace, "param($i) ([datetime]$i.Created.DateTime).ToString('s')", copy)).BaseObject);
        Assert.Equal("linux/amd64", copy.Properties["Platform"].Value.ToString());
        Assert.Equal(image.Reference, copy.ToString());
        Assert.Equal("prod", Assert.Single(Invoke(runspace, "param($i) $i.Labels['env']", copy)).BaseObject);

        var table = string.Concat(Invoke(runspace, "param($i) $i | Out-String", copy).Select(line => line.ToString()));
        Assert.Contains("Repository", table, StringComparison.Ordinal);
        Assert.Contains(image.Config.Digest.Substring(7, 12), table, StringComparison.Ordinal);

        var removal = Assert.Single(Invoke(runspace, "param($i) $i | Remove-Image -PassThru", copy));
        Assert.Contains(image.Config.Digest, (IEnumerable<string>)removal.Properties["Deleted"].Value);
        Assert.Empty(Invoke(runspace, "param($s) Get-Image -Store $s", _store));
    }

    [Fact]
    public void Dangling_image_is_removed_by_its_serialized_copy()
    {
        var old = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        using var runspace = HostedPowerShell.OpenRunspace();
        Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", old.Reference, _store);
        _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(2)] });
        Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", old.Reference, _store);
        var dangling = Assert.Single(Invoke(runspace, "param($s) Get-Image -Store $s | Where-Object Dangling", _store));

        var copy = PSSerializer.Deserialize(PSSerializer.Serialize(dangling));

        var removal = Assert.Single(Invoke(runspace, "param($i) $i | Remove-Image -PassThru", copy));
        Assert.Contains(old.Config.Digest, (IEnumerable<string>)removal.Properties["Deleted"].Value);
        Assert.False((bool)Assert.Single(Invoke(runspace, "param($s) Get-Image -Store $s", _store)).Properties["Dangling"].Value);
    }

    [Fact]
    public async Task Runspaces_of_a_pool_list_while_others_pull_and_remove()
    {
        var images = Enumerable.Range(0, 6).Select(i => _registry.AddImage($"team/app:{i}", new ImageSpec { Layers = [new LayerSpec(i)] }))
            .ToList();
        var workers = images.Select(image => Task.Run(() =>
        {
            using var runspace = HostedPowerShell.OpenRunspace();
            for (var round = 0; round < 5; round++)
            {
                Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store);
                Invoke(runspace, "param($s) Get-Image -Store $s", _store);
                Invoke(runspace, "param($r, $s) Remove-Image $r -Store $s", image.Reference, _store);
            }

            Invoke(runspace, "param($r, $s) Invoke-ImagePull $r -Store $s", image.Reference, _store);
        }));

        await Task.WhenAll(workers).WaitAsync(HangLimit);

        using var reader = HostedPowerShell.OpenRunspace();
        Assert.Equal(images.Count, Invoke(reader, "param($s) Get-Image -Store $s", _store).Count);
    }

    /// <summary>Runs a script to its end; an error of it fails the test.</summary>
    private static Collection<PSObject> Invoke(Runspace runspace, string script, params object[] arguments)
    {
        using var shell = HostedPowerShell.Script(runspace, script, arguments);
        var output = shell.Invoke();
        Assert.True(shell.Streams.Error.Count == 0,
            string.Join(Environment.NewLine, shell.Streams.Error.Select(e => $"{e} {e.ScriptStackTrace}")));
        return output;
    }

    private static async Task Until(Func<bool> condition)
    {
        var limit = DateTime.UtcNow + HangLimit;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < limit, "What the test waits for did not happen.");
            await Task.Delay(10);
        }
    }
}
