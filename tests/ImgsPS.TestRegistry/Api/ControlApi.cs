using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>/_test/…: what a test in another process needs. Described in README.md. No authentication, no faults, no log.</summary>
internal sealed class ControlApi(TestRegistry registry)
{
    public async Task<TestResponse> AnswerAsync(TestRequest request) => (request.Method + " " + request.Path) switch
    {
        "GET /_test/behaviours" => TestResponse.Text(200, Json.Write(new JsonArray(BehaviourCatalogue.All.Select(Describe).ToArray()))),
        "POST /_test/behaviours" => Describe(await Behaviours.SeparateAsync(Read<NameBody>(request).Name)),
        _ => Answer(request),
    };

    private BehaviourServer Behaviours =>
        registry.Behaviours ?? throw new InvalidOperationException("this registry behaves: start it with --behaviours");

    private TestResponse Answer(TestRequest request) => (request.Method + " " + request.Path) switch
    {
        "GET /_test/requests" => TestResponse.Text(200, Json.Write(new JsonArray(registry.Requests.Select(Describe).ToArray()))),
        "DELETE /_test/requests" => Done(registry.ClearRequests),
        "POST /_test/images" => AddImage(request),
        "POST /_test/indexes" => AddIndex(request),
        "POST /_test/tags" => AddTag(request),
        "POST /_test/move" => Describe(DemoContent.Move(registry)),
        "POST /_test/faults" => AddFault(request),
        "DELETE /_test/faults" => Done(registry.Faults.Clear),
        "POST /_test/search" => AddSearchEntry(request),
        "POST /_test/options" => SetOptions(request),
        "POST /_test/identity-tokens" => AddIdentityToken(request),
        "DELETE /_test/tokens" => Done(registry.RevokeTokens),
        _ => TestResponse.Error(404, "UNKNOWN", "no such control request: " + request),
    };

    private TestResponse AddImage(TestRequest request)
    {
        var body = Read<ImageBody>(request);
        return Describe(registry.AddImage(body.Reference, body.Image ?? new ImageSpec()));
    }

    private TestResponse AddIndex(TestRequest request)
    {
        var body = Read<IndexBody>(request);
        return Describe(registry.AddIndex(body.Reference, body.Images, body.Format));
    }

    private TestResponse AddTag(TestRequest request)
    {
        var body = Read<TagBody>(request);
        registry.Tag(body.Repository, body.Tag, body.Digest);
        return new TestResponse(204);
    }

    private TestResponse AddFault(TestRequest request)
    {
        var body = Read<FaultBody>(request);
        registry.Faults.Add(new Fault(body.Match, body.ToAction(), body.Times, body.Skip) { Repository = body.Repository });
        return new TestResponse(204);
    }

    private TestResponse AddSearchEntry(TestRequest request)
    {
        registry.AddSearchEntry(Read<SearchEntry>(request));
        return new TestResponse(204);
    }

    private TestResponse AddIdentityToken(TestRequest request)
    {
        var token = registry.AddIdentityToken(Read<UserBody>(request).User);
        return TestResponse.Text(200, Json.Write(new JsonObject { ["token"] = token }));
    }

    private TestResponse SetOptions(TestRequest request)
    {
        var body = Read<OptionsBody>(request);
        var options = registry.Options;
        options.Auth = body.Auth ?? options.Auth;
        options.AnonymousPull = body.AnonymousPull ?? options.AnonymousPull;
        options.TokenSeconds = body.TokenSeconds ?? options.TokenSeconds;
        options.Search = body.Search ?? options.Search;
        options.Catalog = body.Catalog ?? options.Catalog;
        options.MaxPageSize = body.MaxPageSize ?? options.MaxPageSize;
        foreach (var user in body.Users ?? [])
        {
            options.Users[user.Key] = user.Value;
        }

        return new TestResponse(204);
    }

    private static TestResponse Done(Action action)
    {
        action();
        return new TestResponse(204);
    }

    private static T Read<T>(TestRequest request) =>
        JsonSerializer.Deserialize<T>(request.Body, Json.Options) ?? throw new JsonException("the body is null");

    private static TestResponse Describe(BuiltDocument document)
    {
        var answer = Summary(document);
        if (document is BuiltIndex index)
        {
            answer["images"] = new JsonArray(index.Images.Select(i => (JsonNode)Summary(i)).ToArray());
        }

        return TestResponse.Text(200, Json.Write(answer));
    }

    private static JsonObject Summary(BuiltDocument document)
    {
        var summary = new JsonObject
        {
            ["reference"] = document.Reference,
            ["repository"] = document.Repository,
            ["digest"] = document.Digest,
            ["mediaType"] = document.MediaType,
            ["size"] = document.Manifest.Size,
        };
        if (document is BuiltImage image)
        {
            summary["id"] = image.Config.Digest;
            summary["contentSize"] = image.ContentSize;
            summary["layers"] = new JsonArray(image.Layers.Select(l => (JsonNode)new JsonObject
            {
                ["digest"] = l.Blob.Digest,
                ["diffId"] = l.DiffId,
                ["size"] = l.Blob.Size,
                ["mediaType"] = l.Blob.MediaType,
            }).ToArray());
        }

        return summary;
    }

    private static JsonNode Describe(Behaviour behaviour) => new JsonObject
    {
        ["name"] = behaviour.Name,
        ["rule"] = behaviour.Rule,
        ["does"] = behaviour.Does,
        ["alone"] = behaviour.Alone,
    };

    private static TestResponse Describe(BehaviourServer server)
    {
        var setup = server.Behaviours.Values.Single();
        return TestResponse.Text(200, Json.Write(new JsonObject
        {
            ["host"] = server.Registry.Host,
            ["others"] = new JsonArray(server.Others.Select(o => (JsonNode)JsonValue.Create(o.Host)).ToArray()),
            ["repository"] = setup.Repository,
            ["reference"] = setup.Named,
            ["digest"] = setup.Digest,
            ["userName"] = BehaviourSetup.UserName,
            ["password"] = BehaviourSetup.Password,
            ["certificate"] = TestCertificate.Instance.ExportCertificatePem(),
        }));
    }

    private static JsonNode Describe(LoggedRequest request) => new JsonObject
    {
        ["method"] = request.Method,
        ["path"] = request.Path,
        ["headers"] = new JsonArray(
            request.Headers.Select(h => (JsonNode)new JsonObject { ["name"] = h.Key, ["value"] = h.Value }).ToArray()),
        ["body"] = Encoding.UTF8.GetString(request.Body.Span[..Math.Min(request.Body.Length, 4096)]),
        ["connection"] = request.Connection,
        ["user"] = request.User,
        ["status"] = request.Status,
        ["bytesSent"] = request.BytesSent,
    };

    private sealed record ImageBody(string Reference, ImageSpec? Image);

    private sealed record IndexBody(string Reference, IReadOnlyList<ImageSpec> Images, ImageFormat Format = ImageFormat.Oci);

    private sealed record TagBody(string Repository, string Tag, string Digest);

    private sealed record NameBody(string Name);

    private sealed record UserBody(string User);

    private sealed record OptionsBody(
        RegistryAuth? Auth,
        bool? AnonymousPull,
        int? TokenSeconds,
        bool? Search,
        bool? Catalog,
        int? MaxPageSize,
        Dictionary<string, string>? Users);

    private sealed record FaultBody(
        string Action,
        string Match = "",
        string? Repository = null,
        int Times = int.MaxValue,
        int Skip = 0,
        long Bytes = 0,
        int Status = 503,
        int Milliseconds = 0,
        string? Value = null,
        Dictionary<string, string>? Headers = null)
    {
        public FaultAction ToAction() => Action switch
        {
            "status" => FaultAction.Status(Status, Value, (Headers ?? []).Select(h => (h.Key, h.Value)).ToArray()),
            "reset" => FaultAction.ResetAfter(Bytes),
            "fin" => FaultAction.FinAfter(Bytes),
            "stall" => FaultAction.StallAfter(Bytes),
            "slow" => FaultAction.Slow((int)Bytes),
            "wrongBytes" => FaultAction.WrongBytes(),
            "body" => FaultAction.Body(Encoding.UTF8.GetBytes(Value ?? "")),
            "ignoreRange" => FaultAction.IgnoreRange(),
            "wrongContentRange" => FaultAction.WrongContentRange(Value),
            "redirect" => FaultAction.RedirectTo(Value ?? throw new JsonException("redirect needs a value")),
            "endless" => FaultAction.Endless(),
            "headers" => FaultAction.ExtraHeaders((Headers ?? []).Select(h => (h.Key, h.Value)).ToArray()),
            "delay" => FaultAction.DelayBeforeHeaders(TimeSpan.FromMilliseconds(Milliseconds)),
            "noContentLength" => FaultAction.NoContentLength(),
            "wrongDigestHeader" => FaultAction.WrongDigestHeader(),
            _ => throw new JsonException($"unknown action '{Action}'"),
        };
    }
}
