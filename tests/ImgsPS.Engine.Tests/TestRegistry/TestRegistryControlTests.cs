using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The test registry as other processes use it: the control requests, the program, and skopeo as the judge.</summary>
public sealed class TestRegistryControlTests
{
    [Fact]
    public async Task Control_requests_add_content_faults_and_options_and_give_the_log()
    {
        await using var registry = TestRegistry.Start();
        using var http = new HttpClient { BaseAddress = new Uri(registry.Origin) };
        async Task<JsonElement> Post(string url, string json)
        {
            using var response = await http.PostAsync(url, new StringContent(json, Encoding.UTF8, "application/json"));
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, text);
            return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
        }

        var image = await Post("/_test/images", """
            {"reference":"team/app:1","image":{"os":"linux","architecture":"arm64","variant":"v8","created":"2024-03-04T05:06:07Z",
             "labels":{"env":"prod"},"author":"me","format":"docker",
             "layers":[{"seed":1,"size":2000,"files":{"etc/motd":"hi"}},{"seed":2}]}}
            """);
        Assert.Equal(2, image.GetProperty("layers").GetArrayLength());
        var index = await Post("/_test/indexes", """
            {"reference":"team/app:2","images":[{"architecture":"amd64"},{"os":"windows","osVersion":"10.0.20348.1"}]}
            """);
        Assert.Equal(2, index.GetProperty("images").GetArrayLength());
        await Post("/_test/tags", $$"""{"repository":"team/app","tag":"3","digest":"{{image.GetProperty("digest").GetString()}}"}""");
        Assert.Equal(image.GetProperty("size").GetInt64(), (await http.GetByteArrayAsync("/v2/team/app/manifests/3")).Length);
        await Post("/_test/faults", """
            {"match":"/manifests/","action":"status","status":429,"headers":{"Retry-After":"1"},"times":1,"repository":"team/app"}
            """);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await http.GetAsync("/v2/team/app/manifests/3")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/team/app/manifests/3")).StatusCode);
        var log = JsonDocument.Parse(await http.GetStringAsync("/_test/requests")).RootElement;
        Assert.Equal([200, 429, 200], log.EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
        await http.DeleteAsync("/_test/requests");
        Assert.Empty(registry.Requests);
        await Post("/_test/options", """{"auth":"basic","users":{"bob":"pw"}}""");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v2/")).StatusCode);
        using var bad = await http.PostAsync("/_test/faults", new StringContent("""{"action":"nonsense"}"""));
        Assert.Equal(HttpStatusCode.InternalServerError, bad.StatusCode);
    }

    [Fact]
    public async Task Program_serves_the_demo_until_its_input_ends()
    {
        var ready = Path.Combine(Path.GetTempPath(), "imgsps-ready-" + Guid.NewGuid().ToString("N"));
        using var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "exec", typeof(TestRegistry).Assembly.Location, "--seed-demo", "--ready-file", ready },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var line = await process.StandardOutput.ReadLineAsync();
            Assert.StartsWith("Listening on http://127.0.0.1:", line, StringComparison.Ordinal);
            for (var i = 0; i < 100 && !File.Exists(ready); i++)
            {
                await Task.Delay(50);
            }

            Assert.Equal(line!["Listening on http://".Length..], await File.ReadAllTextAsync(ready));
            using var http = new HttpClient { BaseAddress = new Uri(line["Listening on ".Length..]) };
            var before = await http.GetStringAsync("/v2/demo/app/manifests/1.0");
            using var moved = await http.PostAsync("/_test/move", null);
            Assert.Equal(HttpStatusCode.OK, moved.StatusCode);
            Assert.NotEqual(before, await http.GetStringAsync("/v2/demo/app/manifests/1.0"));
            process.StandardInput.Close();
            using var patience = new System.Threading.CancellationTokenSource(TimeSpan.FromSeconds(30));
            await process.WaitForExitAsync(patience.Token);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            File.Delete(ready);
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [SkippableFact]
    public async Task Skopeo_inspects_copies_out_and_copies_in()
    {
        const string skopeo = "/usr/bin/skopeo";
        Skip.IfNot(File.Exists(skopeo), "skopeo is not installed");
        await using var registry = TestRegistry.Start();
        var index = DemoContent.Seed(registry);
        var folder = Directory.CreateTempSubdirectory("imgsps-skopeo-");
        try
        {
            var demo = $"docker://{registry.Host}/demo/app:1.0";
            var layout = $"oci:{folder.FullName}/oci:demo";
            var raw = await Run(skopeo, "inspect", "--raw", "--tls-verify=false", demo);
            Assert.Equal(Encoding.UTF8.GetString(index.Manifest.Bytes.Span), raw);
            await Run(skopeo, "copy", "--all", "--src-tls-verify=false", demo, layout);
            await Run(skopeo, "copy", "--all", "--dest-tls-verify=false", layout, $"docker://{registry.Host}/copied/app:1");
            Assert.Equal(index.Manifest.Bytes.ToArray(), registry.Manifest("copied/app", "1")!.Value.ToArray());
            if (File.Exists("/usr/bin/umoci"))
            {
                var one = $"{folder.FullName}/one:demo";
                await Run(skopeo, "copy", "--override-os=linux", "--override-arch=amd64", "--src-tls-verify=false", demo, "oci:" + one);
                await Run("/usr/bin/umoci", "unpack", "--rootless", "--image", one, $"{folder.FullName}/bundle");
                Assert.Equal("1.0.0\n", await File.ReadAllTextAsync($"{folder.FullName}/bundle/rootfs/app/version"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return output;
    }
}
