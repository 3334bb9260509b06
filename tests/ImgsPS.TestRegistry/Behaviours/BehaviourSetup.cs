using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>A behaviour in a running server: what its set-up works with, and what a test asks it. Safe for any number of threads.</summary>
public sealed class BehaviourSetup
{
    /// <summary>The user whom every behaviour with authentication knows.</summary>
    public const string UserName = "bob";

    /// <summary>That user's password; its characters change in URLs and in base64.</summary>
    public const string Password = "Pass+Word/of=Bob&25%";

    /// <summary>That user's identity token (refresh token).</summary>
    public const string IdentityToken = "identity-of-Bob-7e57";

    private readonly BehaviourServer _server;
    private readonly ConcurrentDictionary<string, bool> _tokens = new(StringComparer.Ordinal);
    private readonly List<(TestRegistry At, Fault Fault)> _faults = [];
    private Func<TestRequest, bool> _refuses = _ => false;

    internal BehaviourSetup(BehaviourServer server, Behaviour behaviour)
    {
        _server = server;
        Behaviour = behaviour;
        Named = $"{server.Registry.Host}/{Repository}:1";
    }

    /// <summary>The behaviour.</summary>
    public Behaviour Behaviour { get; }

    /// <summary>The registry that is asked.</summary>
    public TestRegistry Registry => _server.Registry;

    /// <summary>The repository.</summary>
    public string Repository => Behaviour.Repository;

    /// <summary>What to pull: a reference with a tag unless the behaviour is about a digest or another name.</summary>
    public string Named { get; set; }

    /// <summary>The digest that a pull must bring when it ends well; null when it can't.</summary>
    public string? Digest { get; set; }

    /// <summary>What happens between two pulls: the tag moves and the like.</summary>
    public Action? Then { get; set; }

    /// <summary>Tokens given so far by this behaviour's own token service.</summary>
    public IEnumerable<string> Tokens => _tokens.Keys;

    /// <summary>What nobody but the registry may see, and no message may show.</summary>
    public IEnumerable<string> Secrets => Tokens.Concat(
    [
        Password,
        Uri.EscapeDataString(Password),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(UserName + ":" + Password)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Password)),
        IdentityToken,
    ]);

    /// <summary>This behaviour's own token service at its registry.</summary>
    public string Realm => $"{Registry.Origin}/token/{Behaviour.Name}";

    /// <summary>A regular expression for requests to that token service, at whatever host.</summary>
    public string TokenMatch => $"^(GET|POST) /token/{Regex.Escape(Behaviour.Name)}(\\?|$)";

    /// <summary>Another host: another origin, to which nothing secret may go.</summary>
    public TestRegistry Other(string name = "other") => _server.Other(name);

    /// <summary>Adds the image and makes it the one that a pull must bring.</summary>
    public BuiltImage Image(ImageSpec? spec = null, string tag = "1")
    {
        var image = Registry.AddImage($"{Repository}:{tag}", spec ?? new ImageSpec());
        Digest = image.Digest;
        return image;
    }

    /// <summary>Adds a fault for this repository; it happens only to requests that are allowed.</summary>
    /// <param name="match">A regular expression over <c>METHOD /path?query</c>.</param>
    /// <param name="action">What happens.</param>
    /// <param name="times">How often.</param>
    /// <param name="skip">How many requests pass before.</param>
    /// <param name="when">Only requests for which this is true.</param>
    public Fault Fault(string match, FaultAction action, int times = int.MaxValue, int skip = 0, Func<TestRequest, bool>? when = null) =>
        Add(Registry, new Fault(match, action, times, skip)
        {
            Repository = Behaviour.Alone ? null : Repository,
            When = request => !_refuses(request) && when?.Invoke(request) != false,
        });

    /// <summary>Adds a fault at a host, unconditionally.</summary>
    public Fault FaultAt(TestRegistry host, string match, FaultAction action, int times = int.MaxValue, int skip = 0) =>
        Add(host, new Fault(match, action, times, skip));

    /// <summary>Answers instead of the repository.</summary>
    public Fault Answer(string match, Func<TestRequest, TestResponse> answer, int times = int.MaxValue) =>
        Fault(match, new FaultAction { Instead = answer }, times);

    /// <summary>Adds an image with one layer of that many bytes of noise; gives a regular expression for requests for the layer.</summary>
    public string Layer(int size = 300_000) =>
        "^GET .*/blobs/" + Image(new ImageSpec { Layers = [new LayerSpec(1, size) { Gzip = false }] }).Layers[0].Blob.Digest;

    /// <summary>Puts a changed document in the place of another, under the tag <c>1</c>. It is not what a pull may bring.</summary>
    public string Change(BuiltDocument document, Action<JsonNode> change)
    {
        var root = JsonNode.Parse(document.Manifest.Bytes.Span)!;
        change(root);
        Digest = null;
        return Document(Encoding.UTF8.GetBytes(Json.Write(root)), document.MediaType);
    }

    /// <summary>Puts a document under the tag <c>1</c>, whatever it is; gives its digest.</summary>
    public string Document(byte[] bytes, string mediaType = MediaTypes.OciManifest, string? tag = "1") =>
        Registry.PutManifest(Repository, bytes, mediaType, tag);

    /// <summary>
    /// The repository wants a token of this behaviour's token service, which wants the user's password or identity token.
    /// </summary>
    /// <param name="realm">The realm in challenges; null for the own one.</param>
    /// <param name="anonymous">Tokens also without a password.</param>
    /// <param name="challenge">The whole challenge, for odd ones.</param>
    public void Bearer(string? realm = null, bool anonymous = false, string? challenge = null)
    {
        challenge ??= $"Bearer realm=\"{realm ?? Realm}\",service=\"test\",scope=\"repository:{Repository}:pull\"";
        Guard(request => !IsToken(request), challenge);
        TokenService(Registry, anonymous);
    }

    /// <summary>The repository wants the user's password on every request.</summary>
    public void Basic() => Guard(request => request.Header("Authorization") != BasicHeader, "Basic realm=\"test\"");

    /// <summary>Answers this behaviour's token requests at a host with tokens that are good here.</summary>
    public void TokenService(TestRegistry host, bool anonymous) => Add(host, new Fault(TokenMatch, new FaultAction
    {
        Instead = request => request.Header("Authorization") switch
        {
            _ when Encoding.UTF8.GetString(request.Body).Contains(IdentityToken, StringComparison.Ordinal) => Token(request),
            null when anonymous => Token(request),
            { } header when header == BasicHeader => Token(request),
            _ => TestResponse.Error(401, "UNAUTHORIZED", "authentication required"),
        },
    })
    {
        IsPassing = false,
    });

    /// <summary>Takes all tokens back, as if they had expired.</summary>
    public void RevokeTokens()
    {
        foreach (var token in _tokens.Keys)
        {
            _tokens[token] = false;
        }
    }

    /// <summary>Another challenge from now on.</summary>
    public void Guard(Func<TestRequest, bool> refuses, string challenge)
    {
        _refuses = refuses;
        var refusal = new FaultAction
        {
            Instead = _ => TestResponse.Error(401, "UNAUTHORIZED", "authentication required").With("WWW-Authenticate", challenge),
        };
        Add(Registry, new Fault("", refusal) { Repository = Repository, When = refuses, IsPassing = false });
        if (_server.IsSingle)
        {
            // Other clients ask here first whether a password is wanted.
            Add(Registry, new Fault("^GET /v2/$", refusal) { When = refuses, IsPassing = false });
        }
    }

    /// <summary>True when the request carries a token that is good.</summary>
    public bool IsToken(TestRequest request) =>
        request.Header("Authorization") is { } header && header.StartsWith("Bearer ", StringComparison.Ordinal)
        && _tokens.GetValueOrDefault(header["Bearer ".Length..]);

    /// <summary>Makes a token that is good.</summary>
    public string NewToken()
    {
        var token = "token-" + Guid.NewGuid().ToString("N");
        _tokens[token] = true;
        return token;
    }

    /// <summary>Takes all faults of this behaviour away but the wish for authentication: the registry is well again.</summary>
    public void Heal()
    {
        foreach (var (at, fault) in _faults.Where(f => f.Fault.IsPassing))
        {
            at.Faults.Remove(fault);
        }
    }

    private static string BasicHeader => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(UserName + ":" + Password));

    private TestResponse Token(TestRequest request) => TestResponse.Text(
        200, Json.Write(new JsonObject { ["token"] = NewToken(), ["expires_in"] = 300, ["scope"] = request.Parameter("scope") }));

    private Fault Add(TestRegistry at, Fault fault)
    {
        lock (_faults)
        {
            _faults.Add((at, fault));
        }

        return at.Faults.Add(fault);
    }
}
