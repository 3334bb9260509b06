using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Xunit.Abstractions;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Reliability;

/// <summary>
/// One behaviour against the engine: a registry, a client and a store of its own, so that no token, connection or file of another row
/// counts.
/// </summary>
internal sealed class BehaviourRun(BehaviourCase expected, BehaviourServer server, string folder, ITestOutputHelper output) : IDisposable
{
    private readonly BehaviourSetup _setup = server.Behaviours[expected.Name];
    private readonly LayoutStore _store = new(folder);
    private readonly RecordingObserver _observer = new();
    private RegistryClient? _client;

    private ImageReference Reference => ImageReference.Parse(_setup.Named);

    private RegistryClient Client => _client ??= MakeClient();

    public void Dispose()
    {
        _client?.Dispose();
        _store.Dispose();
    }

    public async Task RunAsync()
    {
        ImageException? failure = null;
        IReadOnlyList<string> lists = [];
        using (var stop = new CancellationTokenSource(TimeSpan.FromSeconds(expected.Seconds)))
        {
            var work = OperateAsync(stop.Token);
            try
            {
                // Not only cancelled: over, whether it heeds the token or not.
                lists = await work.WaitAsync(TimeSpan.FromSeconds(expected.Seconds + 30));
            }
            catch (ImageException e)
            {
                failure = e;
            }
            catch (Exception e) when (e is OperationCanceledException or TimeoutException && stop.IsCancellationRequested)
            {
                Assert.Fail($"it did not end within {expected.Seconds} s: {_observer.Everything}");
            }
        }

        var (bytes, requests) = (Log().Sum(r => r.BytesSent), Log().Count());
        output.WriteLine($"{failure?.Kind.ToString() ?? "Ok"}: {failure?.Message} | {failure?.Advice}");
        output.WriteLine($"{requests} requests, {bytes} bytes");
        output.WriteLine(string.Join("\n", Log()) + "\n" + _observer.Everything);

        CheckEnd(failure, lists);
        Assert.True(requests <= expected.MaxRequests, $"{requests} requests:\n{string.Join("\n", Log())}");
        Assert.True(bytes <= expected.MaxBytes, $"{bytes} bytes were sent");
        Assert.True(expected.MaxElsewhere is null || Elsewhere().Count() <= expected.MaxElsewhere, "other hosts were asked");
        CheckSecrets(failure);
        CheckStore(failure is null && expected.Operation is "pull" or "repull");
        await CheckListAsync(failure is null && expected.Operation is "pull" or "repull");
        if (expected.Again is not null)
        {
            await PullAgainAsync();
        }
    }

    /// <summary>The same pull, from a registry that is well again: what a fault left behind may not spoil it.</summary>
    private async Task PullAgainAsync()
    {
        _setup.Heal();
        _client?.Dispose();
        _client = null;
        Assert.NotNull(_setup.Digest);
        await PullAsync(CancellationToken.None);
        CheckStore(pulled: true);
        await CheckListAsync(pulled: true);
    }

    private async Task<IReadOnlyList<string>> OperateAsync(CancellationToken cancellationToken)
    {
        switch (expected.Operation)
        {
            case "pull":
                await PullAsync(cancellationToken);
                return [];
            case "repull":
                await PullAsync(cancellationToken);
                foreach (var host in Hosts())
                {
                    host.ClearRequests();
                }

                _setup.Then!();
                await PullAsync(cancellationToken);
                return [];
            case "manifest":
                var answer = await RegistryManifests.DescribeAsync(Client, Reference, null, _observer, cancellationToken);
                Assert.Equal(_setup.Digest, Digest.Of(Encoding.UTF8.GetBytes(answer.Raw)).ToString());
                return [];
            case "tags":
                return await Client.ListTagsAsync(Reference, _observer, cancellationToken);
            case "search":
                var request = new SearchRequest(_setup.Repository) { Registry = Reference.Registry };
                var found = await ImageSearch.FindAsync(
                    request, new Uri("http://127.0.0.1:1"), (_, _) => Client, _observer, cancellationToken);
                return found.Select(r => r.Name + " " + r.Description).ToList();
            default:
                throw new InvalidOperationException($"unknown operation {expected.Operation}");
        }
    }

    private async Task PullAsync(CancellationToken cancellationToken)
    {
        using var session = await _store.BeginPullAsync(Reference.WithDefaultTag(), _observer, cancellationToken);
        var platform = expected.Platform is { } text ? Platform.Parse(text) : null;
        var request = new CopyRequest(Reference) { Platform = platform };
        var pulled = await ImageCopy.RunAsync(new RegistrySource(Client, Reference), session, request, _observer, cancellationToken);
        Assert.Equal(_setup.Digest, pulled.Root.Digest.ToString());
    }

    private RegistryClient MakeClient()
    {
        var credential = expected.Credential switch
        {
            null => null,
            "password" => new RegistryCredential(BehaviourSetup.UserName, BehaviourSetup.Password),
            "identity" => new RegistryCredential(BehaviourSetup.UserName, "", BehaviourSetup.IdentityToken),
            _ => throw new InvalidOperationException($"unknown credential {expected.Credential}"),
        };
        var options = new RegistryOptions
        {
            Credential = credential,
            PlainHttp = expected.PlainHttp ? true : null,
            Proxy = expected.Proxy ? new Uri(server.Registry.Origin) : null,
            TrustedRealm = expected.TrustOther ? _setup.Other().Host : null,
        };
        var limits = TestClients.Quick;
        if (expected.Limits?.Wait is { } seconds)
        {
            var wait = TimeSpan.FromSeconds(seconds);
            limits = limits with { Headers = wait, IdleRead = wait, SlowWindow = wait };
        }

        limits = limits with { Tries = expected.Limits?.Tries ?? limits.Tries, Pages = expected.Limits?.Pages ?? limits.Pages };
        return new RegistryClient(Reference.Registry, options, limits, new FixedCredentials(null));
    }

    private void CheckEnd(ImageException? failure, IReadOnlyList<string> lists)
    {
        Assert.True(expected.End == (failure?.Kind.ToString() ?? "Ok"), $"expected {expected.End}, not {failure?.ToString() ?? "Ok"}");
        var said = failure is null ? "" : failure.Message + "\n" + failure.Advice;
        Assert.All(expected.Words, word => Assert.Contains(Fill(word), said, StringComparison.OrdinalIgnoreCase));
        Assert.All(expected.Told, word => Assert.Contains(Fill(word), _observer.Everything, StringComparison.OrdinalIgnoreCase));
        if (failure is null && expected.Operation is "tags" or "search")
        {
            Assert.Equal(expected.Lists.Select(Fill), lists);
        }
    }

    private string Fill(string word) => word
        .Replace("{host}", server.Registry.Host, StringComparison.Ordinal)
        .Replace("{other}", server.Others.FirstOrDefault()?.Host, StringComparison.Ordinal);

    /// <summary>
    /// RN1, RN3, RN30, RC4: nothing secret at another origin, nor in anything that is told. RN29: nothing that a terminal acts on.
    /// </summary>
    private void CheckSecrets(ImageException? failure)
    {
        var secrets = _setup.Secrets.ToList();
        foreach (var request in Log())
        {
            Assert.Null(request.Header("Cookie"));
            Assert.Null(request.Header("X-Injected"));
        }

        foreach (var request in Elsewhere())
        {
            Assert.Null(request.Header("Authorization"));
            Assert.Null(request.Header("Proxy-Authorization"));
            var text = request.Path + "\n" + string.Join("\n", request.Headers) + "\n" + Encoding.UTF8.GetString(request.Body.Span);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }

        var told = _observer.Everything + "\n" + failure + "\n" + failure?.Advice + "\n"
            + string.Join("\n", _observer.ProgressPoints.Select(p => p.ToString()));
        Assert.All(Known(secrets), secret => Assert.DoesNotContain(secret, told, StringComparison.OrdinalIgnoreCase));
        var lines = _observer.All.Concat(failure is null ? [] : [failure.Message, failure.Advice ?? ""]);
        Assert.All(lines, line => Assert.DoesNotContain(line, c => char.IsControl(c) || IsBidi(c)));
        Assert.All(lines, line => Assert.True(line.Length < 4096, "a line has " + line.Length + " characters"));
    }

    /// <summary>The secrets that this client has: those of its credential, and the tokens it used.</summary>
    private IEnumerable<string> Known(IEnumerable<string> secrets)
    {
        var tokens = _setup.Tokens.ToHashSet(StringComparer.Ordinal);
        var used = Log().Select(r => r.Header("Authorization")?.Replace("Bearer ", "", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
        return secrets.Where(s => tokens.Contains(s) ? used.Contains(s)
            : (s == BehaviourSetup.IdentityToken) == (expected.Credential == "identity"));
    }

    private static bool IsBidi(char c) =>
        c is '\u061C' or (>= '\u200E' and <= '\u200F') or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>
    /// Nothing under blobs/ but what its name says; nothing temporary but in ingest/, and there only what a later pull goes on with.
    /// </summary>
    private void CheckStore(bool pulled)
    {
        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal).ToList()
            : [];
        foreach (var file in files)
        {
            var parts = file.Split('/');
            switch (parts)
            {
                case ["oci-layout" or "index.json"]:
                case [".imgsps", "version" or "catalog.json" or "index.prev.json" or "index.seal"]:
                case [".imgsps", var notes] when notes.StartsWith("verified.", StringComparison.Ordinal):
                case [".imgsps", "locks", "store.lock" or "store.lock.owner"]:
                    break;
                case ["blobs", var algorithm, var hex]:
                    Assert.Equal($"{algorithm}:{hex}", Digest.Of(File.ReadAllBytes(Path.Combine(folder, file)), algorithm).ToString());
                    break;
                case [".imgsps", "ingest", _, "data" or "meta.json" or "lock"]:
                    Assert.False(pulled, file + " is left over");
                    Assert.True(expected.KeepsIngest, file + " is kept, and nothing of it can be right");
                    break;
                default:
                    Assert.Fail("nothing should be at " + file);
                    break;
            }
        }
    }

    private async Task CheckListAsync(bool pulled)
    {
        var images = await _store.ListAsync(ListRequest.Default, _observer, CancellationToken.None);
        if (!pulled)
        {
            Assert.Empty(images);
            return;
        }

        var image = Assert.Single(images, i => !i.Dangling);
        Assert.Equal(_setup.Digest, image.Digest);
        Assert.Equal(Reference.Digest is null ? Reference.ToString() : Reference.FamiliarName + "@" + Reference.Digest, image.Reference);

        // Whole: manifest, config and every layer are there.
        var id = ImageIdentity.Of(image);
        var layers = await _store.GetLayersAsync(id, null, _observer, CancellationToken.None);
        Assert.All(layers, layer => Assert.True(File.Exists(BlobPath(layer.Digest)), $"layer {layer.Digest} is missing"));
    }

    private string BlobPath(string? digest) => Path.Combine(folder, "blobs", digest!.Split(':')[0], digest.Split(':')[1]);

    private IEnumerable<Server> Hosts() => server.Others.Append(server.Registry);

    private IEnumerable<LoggedRequest> Log() => Hosts().SelectMany(h => h.Requests);

    private IEnumerable<LoggedRequest> Elsewhere() => server.Others.SelectMany(h => h.Requests);
}
