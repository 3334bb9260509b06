using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Registry;
using static ImgsPS.Engine.Tests.Fuzzing.FuzzTarget;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>What a Docker Engine says, where it is, and the keys for it.</summary>
internal static class DockerTargets
{
    private const string Hash = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    private static readonly DockerEndpoint Endpoint = new("docker", DockerAddressKind.Unix, "unix:///var/run/docker.sock", "the default");
    private static readonly Lazy<string[]> Pems =
        new(() => FuzzSeeds.Data("fuzz-keys.pem").Split("-----BEGIN ").Skip(1).Select(b => "-----BEGIN " + b).ToArray());
    private static readonly Lazy<X509Certificate2[]> Certificates =
        new(() => PemCertificate.ReadAll(FuzzSeeds.Data("fuzz-keys.pem")).ToArray());

    private static readonly string[] Lists =
    [
        "[{\"Id\":\"" + Hash + "\",\"ParentId\":\"\",\"RepoTags\":[\"busybox:1\",\"a/b:1\"],\"RepoDigests\":[\"busybox@" + Hash +
            "\",\"<none>@<none>\"],\"Created\":1700000000,\"Size\":4261502,\"SharedSize\":-1,\"Containers\":-1,\"Labels\":{\"a\":\"b\"}}]",
        "[{\"Id\":\"" + Hash + "\",\"RepoTags\":null,\"RepoDigests\":null,\"Created\":-62135596800,\"Descriptor\":{\"digest\":\"" + Hash +
            "\",\"mediaType\":\"a/b\"}},{}]",
        "null", "[]", "{}",
    ];

    private static readonly string[] Inspections =
    [
        "{\"Id\":\"" + Hash +
            "\",\"RepoTags\":[\"a:1\"],\"RepoDigests\":[],\"Parent\":\"\",\"Created\":\"2024-01-01T00:00:00.123456789Z\",\"Author\":\"x\",\"Os\":\"windows\",\"OsVersion\":\"10.0.1\",\"Architecture\":\"amd64\",\"Variant\":\"\",\"Size\":1,"
            + "\"Config\":{\"Env\":[\"A=B\",\"=C:=C:\\\\x\"],\"Cmd\":[\"c\"],\"Entrypoint\":null,\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/v\":{}},\"Labels\":{\"l\":\"v\"},\"Healthcheck\":{\"Test\":[\"CMD\"],\"Interval\":9223372036854775807,\"Retries\":3},\"Shell\":[\"s\"]},"
            + "\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"" + Hash + "\"]}}",
    ];

    private static readonly string[] Pulls =
    [
        "{\"status\":\"Pulling from " +
            "library/busybox\",\"id\":\"1\"}\r\n{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":2},\"progress\":\"[=>]\",\"id\":\"abc\"}\r\n{\"status\":\"Digest: " + Hash + "\"}\r\n{\"status\":\"Status: Downloaded\"}\r\n",
        "{\"errorDetail\":{\"message\":\"denied: requested access to the resource is denied\"},\"error\":\"denied\"}\n",
        "{}[]{\"a\":\"}\\\"{\"}", "{\"a\":1}x",
    ];

    private static readonly string[] Answers =
    [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: a\r\n\r\n",
        "HTTP/1.0 404\r\nX: a,\r\n b\r\n\r\nbody", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 200 " +
            "OK\nContent-Length: 1\nContent-Length: 2\n\nab", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ];

    private static readonly string[] Addresses =
    [
        "unix:///var/run/docker.sock", "unix://", "npipe:////./pipe/docker_engine", "tcp://127.0.0.1:2375", "tcp://[::1]:2376/",
        "tcp://host", "host:1", "ssh://user@host:22/var/run/docker.sock", "ssh://host", "fd://", "tcp://a:b", "http://x", "ssh://u:p@h",
        "tcp://u:p@h:1", "ssh://[fe80::1%25a]:1",
    ];

    public static IEnumerable<FuzzTarget> All() => Answered().Concat(Wire()).Concat(Places()).Concat(Keys());

    private static IEnumerable<FuzzTarget> Answered()
    {
        yield return OfJson("docker-list", "Store/Docker/DockerList, DockerImage, DockerRows, DockerJson; Api/JsonText", Lists, bytes =>
            WithJson(bytes, List), JsonFailure) with
        { BytesPerByte = 1000 };
        yield return OfJson("docker-inspect", "Store/Docker/DockerInspection, DockerImageConfig", Inspections, bytes =>
            WithJson(bytes, Inspect), JsonFailure) with
        { BytesPerByte = 1000 };
        yield return OfJson("docker-history", "Store/Docker/DockerHistory, StepLayers",
            ["[{\"Id\":\"<missing>\",\"Created\":1700000000,\"CreatedBy\":\"/bin/sh -c #(nop) " +
            "CMD\",\"Comment\":\"buildkit.dockerfile.v0\",\"Size\":0,\"Tags\":[\"a\"]},{\"Id\":\"" + Hash + "\",\"Size\":5}]"], bytes =>
            WithJson(bytes, History), JsonFailure) with
        { BytesPerByte = 1000 };
        yield return OfJson("docker-info", "Store/Docker/DockerInfo",
            ["{\"Driver\":\"overlay2\",\"DriverStatus\":[[\"driver-type\",\"io.containerd.snapshotter.v1\"],[\"a\"]],\"RegistryConfig\":{\"IndexConfigs\":{\"docker.io\":{\"Secure\":false}},\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\"],\"Mirrors\":[]}}"], bytes => WithJson(bytes, Info), JsonFailure);
        yield return OfJson("docker-disk-usage", "Store/Docker/DockerDiskUsage",
            ["{\"LayersSize\":9,\"Images\":[{\"Id\":\"" + Hash +
                "\",\"Size\":9223372036854775807,\"SharedSize\":0,\"Containers\":1},{\"Id\":\"a\",\"Size\":7,\"SharedSize\":2,\"Containers\":0}]}", "{\"ImageUsage\":{\"TotalSize\":9,\"Reclaimable\":3,\"Items\":[{\"Id\":\"b\",\"Size\":7,\"SharedSize\":2,\"Containers\":0}]}}"],
            bytes => WithJson(bytes, root =>
            {
                var usage = DockerDiskUsage.Read(root, new HashSet<string> { "a" });
                Check(usage.Reclaimable is null or >= 0 && usage.Total is null or >= 0, "bytes below zero");
            }),
            JsonFailure);
        yield return OfJson("docker-containers", "Store/Docker/DockerUsage",
            ["[{\"Id\":\"c\",\"Names\":[\"/web\",\"/a/b\"],\"ImageID\":\"" + Hash + "\"}]", "null"], bytes =>
            WithJson(bytes, root => _ = DockerUsage.Read(root).Of(Hash)), JsonFailure);
        yield return OfJson("docker-search", "Store/Docker/DockerSearch",
            ["[{\"name\":\"busybox\",\"description\":\"d\",\"star_count\":1,\"is_official\":true},{\"name\":\"docker.io/x/y\"}]"], bytes =>
            WithJson(bytes, root =>
        {
            foreach (var item in DockerJson.Items(root))
            {
                CheckPrintable(DockerSearch.Read(item, "docker.io")?.Description ?? "");
            }
        }), JsonFailure);
        yield return OfJson("docker-error", "Store/Docker/Api/DockerErrors, DockerVersions",
            ["{\"message\":\"No such image: x\"}",
                "{\"message\":\"client version 1.99 is too new. Maximum supported API version is 1.41\"}",
                "{\"message\":\"conflict: unable to remove repository reference \\\"x\\\" (must force) - container abc is using its " +
                "referenced image\"}", "page not found",
                "client is newer than server (client API version: 1.24, server API version: 1.19)"],
            DockerError, Never) with
        { Frames = [.. FuzzText.JsonFrames, ("client version ", " is too new."), ("used by ", " container")] };
        yield return OfBytes("pull-stream", "Store/Docker/Api/JsonSplitter, DockerResponse; DockerPullMessages, DockerPullErrors", Pulls,
            Pull, e => e is ImageException or JsonException) with
        {
            IsJson = true,
            Frames = FuzzText.JsonFrames,
            Alphabet = "{}[]\":,\\ \n",
            BytesPerByte = 1500,
        };
    }

    private static IEnumerable<FuzzTarget> Wire()
    {
        yield return OfBytes("http-answer", "Framework/StreamHttpConnection, StreamHttpHead, StreamHttpBody", Answers, bytes =>
            Http(bytes), e => e is HttpFormatException or IOException) with
        {
            Alphabet = ":;,\r\n \t0af",
            Frames = [("", ""), ("HTTP/1.1 200 OK\r\nA: b", "\r\n\r\n"), ("HTTP/1.1 200 OK\r\n", "\r\n\r\n"),
                ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""), ("HTTP/1.1 200 OK\r\nA: b\r\n ", "\r\n\r\n")],
        };
        yield return OfText("api-version", "Store/Docker/Api/DockerVersions, DockerNegotiator", ["1.41", "v1.41", " 1.24 ", "1", "1.41.1",
            "99999.1", "vv1.1", "client version 1.99 is too new. Maximum supported API version is 1.41"], Version, Never) with
        {
            Alphabet = "v.0129 ",
            Frames = [("", ""), ("client version ", " is too new. Maximum supported API version is 1.41"),
                ("client is newer than server (client API version: 1.24, server API version: ", ")")],
        };
        yield return OfText("registry-auth", "Store/Docker/Api/DockerAuth",
            ["eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAifQ==", "e30=", "bm8="], Auth, Never);
    }

    private static IEnumerable<FuzzTarget> Places()
    {
        yield return OfText("docker-address", "Store/Docker/Connection/DockerAddress, SshAddress, SshCommand; DockerAddresses " +
            "(DOCKER_HOST)", Addresses, text => Address(text), ImageFailure) with
        {
            Alphabet = ":/@[]?#%.-_\\ 0a'\"$`",
            Frames = [("", ""), ("tcp://", ""), ("tcp://[", "]:1"), ("npipe:", ""), ("unix://", ""), ("tcp://a:", "")],
        };
        yield return OfText("ssh-address", "Store/Docker/Connection/SshAddress, SshCommand",
            ["user@host:22/var/run/docker.sock", "host", "u:p@h", "-oProxyCommand=x@h", "h/a%20b'c", "a@b@c", "%2doption@h", "[::1]:22/x"],
            text => Address("ssh://" + text), ImageFailure) with
        {
            Alphabet = ":/@[]?#%.-_\\ 0a'\"$`",
            Frames = [("", ""), ("", "@h"), ("h/", ""), ("h:", "")],
        };
        yield return OfText("context-name", "Store/Docker/Connection/DockerContexts", ["remote", "a.b+c-d_e", "default", "../x", "a\n", ""],
            ContextName, ImageFailure) with
        { Alphabet = "a._+-/\n" };
        yield return OfBytes("context-meta", "Store/Docker/Connection/DockerContexts (meta.json)",
            ["{\"Name\":\"remote\",\"Metadata\":{\"Description\":\"d\"},\"Endpoints\":{\"docker\":{\"Host\":\"tcp://h:1\",\"SkipTLSVerify\":false}}}", "{\"Name\":\"remote\",\"Endpoints\":{}}", "null"], Context, ImageFailure) with
        { IsJson = true, Frames = FuzzText.JsonFrames };
    }

    private static IEnumerable<FuzzTarget> Keys()
    {
        yield return OfText("pem", "Framework/PemBlock, PemCertificate",
            Pems.Value.Append("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
            .Append("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n-----END CERTIFICATE-----\n"), Certificate, FormatFailure) with
        {
            Frames = [("", ""), ("-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n"), ("-----BEGIN ", "-----\n")],
        };
        yield return OfText("private-key", "Framework/PemCertificate", Pems.Value.Where(p =>
            p.Contains("PRIVATE KEY", StringComparison.Ordinal)), text => Key(Array.Empty<byte>(), text), FormatFailure) with
        {
            Frames = [("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n")],
        };
        yield return new FuzzTarget("private-key-der", "Framework/PemCertificate",
            Pems.Value.Where(p => p.Contains("PRIVATE KEY", StringComparison.Ordinal)).SelectMany(p => PemBlock.Read(p))
            .Select(b => b.Content).ToArray(), bytes => Key(bytes, null), FormatFailure);
    }

    private static void WithJson(byte[] bytes, Action<JsonElement> use)
    {
        using var document = JsonText.Parse(new ArraySegment<byte>(bytes));
        use(document.RootElement);
    }

    private static void List(JsonElement root)
    {
        if (DockerList.Read(root) is { } images)
        {
            var rows = DockerRows.Of(images, DockerUsage.None, "docker", NullObserver.Instance);
            _ = ImageOrder.Sort(rows);
            _ = ImageFilter.Parse(["reference=*b*", "label=a", "until=24h"]).Apply(rows, DateTimeOffset.UnixEpoch);
            foreach (var row in rows.Take(10))
            {
                Check(ImageReference.TryParse(row.Reference, out _) || row.Tag is null, "a tag without a reference");
            }
        }
    }

    private static void Inspect(JsonElement root)
    {
        if (DockerInspection.Read(root) is { } inspection)
        {
            _ = inspection.ChainIds();
            _ = inspection.Platform?.ToString();
            _ = DockerImageConfig.Of(inspection, null, "docker");
            _ = DockerRows.All(inspection.Image, "docker", NullObserver.Instance);
        }
    }

    private static void History(JsonElement root)
    {
        var steps = DockerJson.Items(root).Select(DockerStep.Read).ToArray();
        foreach (var count in new[] { 0, 1, steps.Length })
        {
            var layers = StepLayers.Of(steps, count);
            for (var i = 0; i < steps.Length; i++)
            {
                _ = layers.LayerOf(i);
                _ = layers.IsEmpty(i);
            }
        }

        _ = StepLayers.Of(steps, 1).SizeOf(0);
    }

    private static void Info(JsonElement root)
    {
        _ = DockerInfo.Driver(root);
        _ = DockerInfo.Insecure(DockerJson.Get(root, "RegistryConfig"));
    }

    private static void DockerError(byte[] bytes)
    {
        foreach (var status in new[] { 200, 302, 400, 404, 409, 500 })
        {
            CheckPrintable(new DockerErrors(Endpoint)
                .OfStatus(new DockerRequest(HttpMethod.Get, "/images/json") { RegistryAuth = "e30=" }, status, bytes).Message);
        }
    }

    // However the stream is cut into pieces, the same messages come of it.
    private static void Pull(byte[] bytes)
    {
        const int limit = 64 * 1024;
        var whole = Split(bytes, int.MaxValue, limit, out var failure);
        if (bytes.Length <= 4096)
        {
            var pieces = Split(bytes, 1 + (bytes.Length % 7), limit, out var other);
            Check(whole.SequenceEqual(pieces) && (failure is null) == (other is null), "other pieces give other messages");
        }

        var messages = new DockerPullMessages(ImageReference.Parse("busybox"), new Secrets(), NullObserver.Instance);
        foreach (var message in whole)
        {
            using var document = JsonText.Parse(new ArraySegment<byte>(FuzzText.Encode(message)));
            messages.Tell(document.RootElement);
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private static List<string> Split(byte[] bytes, int piece, int limit, out JsonException? failure)
    {
        var splitter = new JsonSplitter(limit);
        var messages = new List<string>();
        failure = null;
        try
        {
            for (var given = 0; given < bytes.Length && !splitter.IsTooLarge;)
            {
                var space = splitter.Space();
                var count = Math.Min(Math.Min(space.Count, piece), bytes.Length - given);
                Array.Copy(bytes, given, space.Array!, space.Offset, count);
                splitter.Filled(count);
                given += count;
                while (splitter.TryNext(out var document))
                {
                    using var parsed = JsonText.Parse(document);
                    messages.Add(Encoding.UTF8.GetString(document));
                }
            }
        }
        catch (JsonException e)
        {
            failure = e;
        }

        return messages;
    }

    private static void Http(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        using var connection = new StreamHttpConnection(stream, 64 * 1024);
        var head = connection.ReadHeadAsync(CancellationToken.None).GetAwaiter().GetResult();
        Check(head.Status is >= 100 and <= 999, "a status that is none");
        _ = head.BodyLength(isHead: true);
        var length = head.BodyLength(isHead: false);
        var released = 0;
        using var body = new StreamHttpBody(connection, length, _ => released++);
        var buffer = new byte[1000];
        long total = 0;
        int read;
        while ((read = body.ReadAsync(buffer, 0, buffer.Length, CancellationToken.None).GetAwaiter().GetResult()) > 0)
        {
            total += read;
        }

        Check(length is null or -1 || length == total || length == 0, "a body of another length");
        Check(total <= bytes.Length && released == 1, "a body that is longer than what came, or not ended once");
    }

    private static void Version(string text)
    {
        Check(DockerVersions.Parse(text) is not { } version
            || DockerVersions.Parse(version.ToString()) == version, "it reads back as another version");
        _ = DockerVersions.TryReadMismatch(text, out _);
    }

    private static void Auth(string text)
    {
        _ = DockerAuth.SecretsOf(text).ToArray();
        if (!text.Any(char.IsSurrogate) && text.Length is > 0 and < 1000)
        {
            Check(DockerAuth.SecretsOf(DockerAuth.Encode(new RegistryCredential("u", text), "docker.io"))
                .Contains(text), "the secret does not come back");
        }
    }

    private static void Address(string text)
    {
        var endpoint = DockerAddress.Parse(text, "docker", "DOCKER_HOST", () => null, tlsPort: true);
        CheckSafe(endpoint.Address);
        Check(DockerAddress.Parse(endpoint.Address, "docker", "DOCKER_HOST", () => null, tlsPort: true).Kind == endpoint.Kind,
            "the address reads back as one of another kind");
        _ = endpoint.Privacy;
        if (endpoint.Kind == DockerAddressKind.Ssh)
        {
            var arguments = SshCommand.Arguments(endpoint);
            Check(endpoint.Host![0] != '-' && endpoint.User?[0] != '-', "ssh would take it for an option");
            _ = SshCommand.Join(arguments);
        }
    }

    private static void ContextName(string text)
    {
        var config = Path.Combine(FuzzFolder.Path, "names");
        if (!Directory.Exists(config))
        {
            // Another one, whose name is an order to a terminal, comes up in the advice.
            FuzzFolder.Write(Meta(config, "a\u001b[2J"),
                "{\"Name\":\"a\\u001b[2J\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://h:1\"}}}"u8.ToArray());
            FuzzFolder.Write(Meta(config), "{\"Name\":\"remote\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://h:1\"}}}"u8.ToArray());
        }

        Check(new DockerContexts(config).Read(text, "-Store").Name == "remote", "another context than there is");
    }

    private static void Context(byte[] bytes)
    {
        var config = Path.Combine(FuzzFolder.Path, "metas");
        FuzzFolder.Write(Meta(config), bytes);
        var contexts = new DockerContexts(config);
        _ = contexts.List();
        _ = contexts.Read("remote", "-Store");
    }

    // The folder of a context has the SHA-256 of the context's name for its own.
    private static string Meta(string config, string name = "remote") =>
        Path.Combine(config, "contexts", "meta", Digest.Of(Encoding.UTF8.GetBytes(name)).Hex, "meta.json");

    private static void Certificate(string text)
    {
        var blocks = PemBlock.Read(text);
        Check(blocks.Count <= text.Length / 20, "more blocks than there is text for");
        foreach (var certificate in PemCertificate.ReadAll(text))
        {
            certificate.Dispose();
        }
    }

    private static void Key(byte[] der, string? text)
    {
        FormatException? failure = null;
        var taken = false;
        var texts = text is not null ? [text] : new[] { "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY" }.Select(l =>
            $"-----BEGIN {l}-----\n{Convert.ToBase64String(der)}\n-----END {l}-----\n");
        foreach (var pem in texts)
        {
            foreach (var certificate in Certificates.Value)
            {
                try
                {
                    PemCertificate.WithKey(certificate, pem).Dispose();
                    taken = true;
                }
                catch (FormatException e)
                {
                    failure = e;
                }
            }
        }

        if (failure is not null && !taken)
        {
            throw failure;
        }
    }
}
