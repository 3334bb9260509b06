using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class DockerPullTests
{
    private const string Create = "/images/create";

    private static readonly RegistryCredential Jane = new("jane", "s3cret!");

    // U1, N7
    [Fact]
    public async Task Messages_become_progress_and_verbose_lines()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:latest"] });
        test.Can("POST", Create, """
            {"status":"Pulling from library/app","id":"latest"}
            {"status":"Already exists","progressDetail":{},"id":"aaaaaaaaaaaa"}
            {"status":"Pulling fs layer","progressDetail":{},"id":"bbbbbbbbbbbb"}
            {"status":"Downloading","progressDetail":{"current":5,"total":10},"progress":"[=>]","id":"bbbbbbbbbbbb"}
            {"status":"Downloading","progressDetail":{"current":9,"total":10},"progress":"[=>]","id":"bbbbbbbbbbbb"}
            {"status":"Download complete","progressDetail":{},"id":"bbbbbbbbbbbb"}
            {"status":"Pull complete","progressDetail":{},"id":"bbbbbbbbbbbb"}
            {"status":"Digest: sha256:1111111111111111111111111111111111111111111111111111111111111111"}
            {"status":"Status: Downloaded newer image for app:latest"}
            """);

        var image = Assert.Single(await test.PullAsync(new PullRequest(ImageReference.Parse("app"))));

        Assert.Equal("app:latest", image.Reference);
        Assert.Equal(
            new[]
            {
                "Using default tag: latest", "latest: Pulling from library/app", "aaaaaaaaaaaa: Already exists",
                "bbbbbbbbbbbb: Pulling fs layer",
                "bbbbbbbbbbbb: Download complete", "bbbbbbbbbbbb: Pull complete",
                "Digest: sha256:1111111111111111111111111111111111111111111111111111111111111111",
                "Status: Downloaded newer image for app:latest",
                "docker.io/library/app:latest",
            },
            test.Observer.VerboseLines);
        Assert.Contains(new TransferProgress("app:latest", "bbbbbbbbbbbb", "Downloading", 9, 10, false), test.Observer.ProgressPoints);
        Assert.Contains(test.Observer.ProgressPoints, p => p is { Item: "bbbbbbbbbbbb", Status: "Pull complete", Completed: true });
        Assert.Equal(new TransferProgress("app:latest", null, "", 0, null, true), test.Observer.ProgressPoints[^1]);
        var request = Assert.Single(test.Engine.Requests, r => r.Method == "POST");
        Assert.Equal(("app", "latest", null), (request.Parameter("fromImage"), request.Parameter("tag"), request.Parameter("platform")));
    }

    // RN30
    [Fact]
    public async Task What_Docker_echoes_of_the_credentials_is_not_shown()
    {
        using var test = new DockerUnderTest();
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("jane:" + Jane.Secret));
        test.Can("POST", Create, $$"""
            {"status":"Pulling from {{Jane.Secret}}","id":"{{Jane.Secret}}"}
            {"status":"Downloading {{Jane.Secret}}","progressDetail":{"current":5,"total":10},"id":"{{Jane.Secret}}"}
            {"status":"you sent {{basic}}"}
            {"errorDetail":{"message":"bad {{Jane.Secret}} of {{basic}}"},"error":"bad"}
            """);

        var failure = await Assert.ThrowsAsync<ImageException>(() => test.PullAsync(
            new PullRequest(ImageReference.Parse("app")) { Registry = new RegistryOptions { Credential = Jane } }));

        Assert.Contains("bad ***", failure.Message, StringComparison.Ordinal);
        SecretSearch.AssertNone(
            SecretSearch.Describe(failure) + test.Observer.Everything + string.Join("\n", test.Observer.ProgressPoints), Jane.Secret);
    }

    // U5, U13, N10
    [Theory]
    [InlineData("manifest for app:1 not found: manifest unknown: manifest unknown", ImageErrorKind.NotFound, "Check the name")]
    [InlineData("no matching manifest for linux/s390x in the manifest list entries", ImageErrorKind.NotFound, "The image is not made for")]
    [InlineData(
        "pull access denied for app, repository does not exist or may require 'docker login': denied: requested access to the resource " +
            "is denied",
        ImageErrorKind.Denied,
        "Check the name; if the repository is private")]
    [InlineData("unauthorized: authentication required", ImageErrorKind.Unauthorized, "Check the name; if the repository is private")]
    [InlineData("toomanyrequests: You have reached your pull rate limit.", ImageErrorKind.RateLimited, "Wait")]
    [InlineData("Get \"https://r/v2/\": http: server gave HTTP response to HTTPS client", ImageErrorKind.Unavailable,
        "The registry does not speak TLS")]
    [InlineData("Get \"https://r/v2/\": x509: certificate signed by unknown authority", ImageErrorKind.Unavailable,
        "Make Docker's machine trust")]
    [InlineData("Get \"https://r/v2/\": dial tcp: lookup r: no such host", ImageErrorKind.Unavailable, "Docker cannot reach")]
    [InlineData("manifest verification failed for digest sha256:11", ImageErrorKind.Integrity, "The registry")]
    [InlineData("write /var/lib/docker/tmp/x: no space left on device", ImageErrorKind.StoreUnavailable, "Docker's disk is full")]
    public async Task Failures_have_the_kind_that_their_words_tell(string message, ImageErrorKind kind, string advice)
    {
        foreach (var inStream in new[] { true, false })
        {
            using var test = new DockerUnderTest();
            var json = System.Text.Json.JsonSerializer.Serialize(message);
            test.Engine.Fault(inStream
                ? DockerFault.Canned("POST", Create,
                    $$"""{"status":"Pulling from library/app","id":"1"}{"errorDetail":{"message":{{json}}},"error":{{json}}}""")
                : DockerFault.Status("POST", Create, 500, message));

            var e = await Assert.ThrowsAsync<ImageException>(() => test.PullAsync(new PullRequest(ImageReference.Parse("app:1"))));

            Assert.Equal(kind, e.Kind);
            Assert.EndsWith(message, e.Message);
            Assert.StartsWith(advice, e.Advice);
            Assert.True(test.Observer.ProgressPoints[^1].Completed);
        }
    }

    [Fact]
    public async Task Image_of_another_platform_than_asked_for_is_a_warning()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, """{"status":"WARNING: image with reference app was found but does not match the specified platform"}""");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { Platform = Platform.Parse("linux/s390x") });

        Assert.Equal("image with reference app was found but does not match the specified platform", Assert.Single(test.Observer.Warnings));
        Assert.Equal("linux/s390x", Assert.Single(test.Engine.Requests, r => r.Method == "POST").Parameter("platform"));
    }

    [Fact]
    public async Task All_tags_are_those_that_Docker_pulled()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "app:2", "app:old"] });
        test.Can("POST", Create, """{"status":"Pulling from library/app","id":"1"}{"status":"Pulling from library/app","id":"2"}""");

        var images = await test.PullAsync(new PullRequest(ImageReference.Parse("app")) { AllTags = true });

        Assert.Equal(new[] { "app:1", "app:2" }, images.Select(i => i.Reference));
        Assert.Null(Assert.Single(test.Engine.Requests, r => r.Method == "POST").Parameter("tag"));
        var e = await Assert.ThrowsAsync<ImageException>(() =>
            test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { AllTags = true }));
        Assert.Equal("'app:1' has a tag, which cannot be used with -AllTags", e.Message);
    }

    [Fact]
    public async Task What_only_Docker_can_decide_is_refused()
    {
        using var test = new DockerUnderTest();
        var reference = ImageReference.Parse("app:1");
        foreach (var request in new[]
        {
            new PullRequest(reference) { AllPlatforms = true },
            new PullRequest(reference) { Registry = new RegistryOptions { PlainHttp = true } },
            new PullRequest(reference) { Registry = new RegistryOptions { TrustedRealm = "auth.example.com" } },
            new PullRequest(reference) { Registry = new RegistryOptions { Proxy = new Uri("http://proxy:3128") } },
        })
        {
            var e = await Assert.ThrowsAsync<ImageException>(() => test.PullAsync(request));

            Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
            Assert.Contains("'docker'", e.Message);
            Assert.NotNull(e.Advice);
        }

        Assert.Empty(test.Engine.Requests);
    }

    // N11
    [Fact]
    public async Task Credentials_go_to_Docker_the_given_ones_first()
    {
        using var test = new DockerUnderTest { Stored = new RegistryCredential("stored", "x") };
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, "{}");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")));
        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { Registry = new RegistryOptions { Credential = Jane } });

        Assert.Equal(
            new[]
            {
                """{"username":"stored","password":"x","serveraddress":"https://index.docker.io/v1/"}""",
                """{"username":"jane","password":"s3cret!","serveraddress":"https://index.docker.io/v1/"}""",
            },
            test.Engine.Requests.Where(r => r.Method == "POST").Select(r => Decode(r.Header("X-Registry-Auth"))));
        Assert.DoesNotContain(Jane.Secret, test.Observer.Everything);
    }

    // RC5
    [Fact]
    public async Task Credentials_do_not_go_where_others_can_read_them()
    {
        using var test = new DockerUnderTest(endpoint: DockerUnderTest.Remote(null)) { Stored = Jane };
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, "{}");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")));

        Assert.Null(Assert.Single(test.Engine.Requests, r => r.Method == "POST").Header("X-Registry-Auth"));
        Assert.Contains("tcp://192.0.2.1:2375", Assert.Single(test.Observer.Warnings));
        var e = await Assert.ThrowsAsync<ImageException>(
            () => test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { Registry = new RegistryOptions { Credential = Jane } }));
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.Single(test.Engine.Requests, r => r.Method == "POST");
    }

    // SF14: whoever answers there is believed to be Docker. What the user typed for this command goes, and a warning says where.
    [Fact]
    public async Task Stored_credentials_do_not_go_where_the_certificate_is_not_checked_and_given_ones_do()
    {
        using var test = new DockerUnderTest(endpoint: DockerUnderTest.Remote(new DockerTls(null, null, null, true, null)))
        {
            Stored = new RegistryCredential("stored", "x"),
        };
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, "{}");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")));
        Assert.Null(Assert.Single(test.Engine.Requests, r => r.Method == "POST").Header("X-Registry-Auth"));
        var warning = Assert.Single(test.Observer.Warnings);
        Assert.Contains("are not sent to tcp://192.0.2.1:2375: its certificate is not checked", warning);
        Assert.Contains("-Credential", warning);

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { Registry = new RegistryOptions { Credential = Jane } });
        Assert.Contains("\"jane\"", Decode(test.Engine.Requests.Last(r => r.Method == "POST").Header("X-Registry-Auth")));
        Assert.Contains("-Credential go to tcp://192.0.2.1:2375, and its certificate is not checked", test.Observer.Warnings[1]);
        Assert.DoesNotContain(Jane.Secret, test.Observer.Everything);
    }

    // SF14
    [Fact]
    public async Task No_credentials_go_over_a_pipe_that_a_stranger_made()
    {
        using var test = new DockerUnderTest(endpoint: DockerUnderTest.Pipe, stranger: "WEB1\\mallory") { Stored = Jane };
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, "{}");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")));
        Assert.Null(Assert.Single(test.Engine.Requests, r => r.Method == "POST").Header("X-Registry-Auth"));
        Assert.Contains("the pipe belongs to WEB1\\mallory", Assert.Single(test.Observer.Warnings));

        var e = await Assert.ThrowsAsync<ImageException>(
            () => test.PullAsync(new PullRequest(ImageReference.Parse("app:1")) { Registry = new RegistryOptions { Credential = Jane } }));
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.Contains("the pipe belongs to WEB1\\mallory", e.Message);
        Assert.Single(test.Engine.Requests, r => r.Method == "POST");
    }

    // SF14: a stranger who takes the pipe's name after the question is met at the connection itself.
    [Fact]
    public async Task A_password_has_connections_of_its_own_which_are_judged_when_they_are_opened()
    {
        var opened = 0;
        using var test = new DockerUnderTest(
            endpoint: DockerUnderTest.Pipe,
            secretly: _ =>
            {
                opened++;
                return Task.FromException<System.IO.Stream>(
                    ImgsPS.Stores.Docker.DockerFailure.Stranger(DockerUnderTest.Pipe, "mallory"));
            });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Can("POST", Create, "{}");

        await test.PullAsync(new PullRequest(ImageReference.Parse("app:1")));
        Assert.Equal(0, opened);
        test.Stored = Jane;
        var e = await Assert.ThrowsAsync<ImageException>(() => test.PullAsync(new PullRequest(ImageReference.Parse("app:1"))));
        Assert.Equal((1, ImageErrorKind.Denied), (opened, e.Kind));
        Assert.Single(test.Engine.Requests, r => r.Method == "POST");
    }

    private static string Decode(string? header) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(header!.Replace('-', '+').Replace('_', '/')));
}
