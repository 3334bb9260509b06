using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Testing;

/// <summary>How a registry wants its clients to prove who they are.</summary>
public enum RegistryAuth
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By user and password on every request.</summary>
    Basic,

    /// <summary>By a token from /token (distribution's token specification, GET and OAuth2 POST).</summary>
    Bearer,
}

/// <summary>
/// Whether a user (null: anonymous) may do something: type <c>repository</c> or <c>registry</c>, its name, and pull, push, delete or *.
/// </summary>
public delegate bool AccessRule(string? user, string type, string name, string action);

/// <summary>How a registry behaves. What has a setter may be changed while it runs.</summary>
public sealed class TestRegistryOptions
{
    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>With a certificate the registry talks TLS, and only that.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Serves the content of another registry: a mirror, or the storage that blobs are redirected to.</summary>
    public TestRegistry? ShareContentWith { get; init; }

    /// <summary>How clients prove who they are.</summary>
    public RegistryAuth Auth { get; set; }

    /// <summary>Users and passwords.</summary>
    public IDictionary<string, string> Users { get; init; } = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Who may do what; null: users everything, anonymous pulls when <see cref="AnonymousPull"/> is set.</summary>
    public AccessRule? Access { get; set; }

    /// <summary>Anonymous tokens may pull (Bearer only).</summary>
    public bool AnonymousPull { get; set; }

    /// <summary>Seconds that a token is good for.</summary>
    public int TokenSeconds { get; set; } = 300;

    /// <summary>The realm in challenges; null for the registry's own /token.</summary>
    public string? Realm { get; set; }

    /// <summary>The service in challenges.</summary>
    public string Service { get; set; } = "test-registry";

    /// <summary>Tokens also by OAuth2 POST; otherwise that is 405.</summary>
    public bool OAuth2 { get; set; } = true;

    /// <summary>The token answer's members that carry the token: token, access_token.</summary>
    public IReadOnlyList<string> TokenMembers { get; set; } = ["token", "access_token"];

    /// <summary>/v1/search and /v1/_ping are there.</summary>
    public bool Search { get; set; }

    /// <summary>The most entries a page of tags, repositories or referrers has; null for no limit.</summary>
    public int? MaxPageSize { get; set; }

    /// <summary>n and last are ignored and everything comes in one page, as docker-registry 2.8.2 does for tags (G1).</summary>
    public bool IgnorePaging { get; set; }

    /// <summary>_catalog is there; otherwise 404.</summary>
    public bool Catalog { get; set; } = true;

    /// <summary>The referrers API is there; otherwise 404, as with docker-registry 2.8.2 (G2).</summary>
    public bool Referrers { get; set; } = true;

    /// <summary>The referrers API filters by artifactType, and says so; otherwise it lists all.</summary>
    public bool FilterReferrers { get; set; } = true;

    /// <summary>How many tags of a PUT by digest are taken; 0 as with docker-registry 2.8.2, which takes none and says so to nobody.</summary>
    public int TagsPerPut { get; set; }

    /// <summary>Blobs are mounted from other repositories; otherwise 202, as of a repository that has not got them.</summary>
    public bool Mounts { get; set; } = true;

    /// <summary>DELETE works; otherwise 405.</summary>
    public bool Deletes { get; set; } = true;

    /// <summary>DELETE of a tag works; otherwise 400, as with docker-registry 2.8.2 (G4).</summary>
    public bool TagDeletes { get; set; } = true;

    /// <summary>GET of a blob is redirected there (307); <c>{path}</c> stands for path and query.</summary>
    public string? BlobRedirect { get; set; }
}
