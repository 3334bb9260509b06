using System;
using System.Collections.Generic;
using System.Net.Http;

namespace ImgsPS.Stores.Registry;

/// <summary>One question to a registry. Immutable.</summary>
internal sealed record RegistryRequest
{
    public RegistryRequest(HttpMethod method, Uri uri, string scope, string? repository)
    {
        Method = method;
        Uri = uri;
        Scope = scope;
        Repository = repository;
    }

    public HttpMethod Method { get; }

    public Uri Uri { get; }

    /// <summary>The token scope it needs.</summary>
    public string Scope { get; }

    /// <summary>The repository whose credentials count; null for the registry's own.</summary>
    public string? Repository { get; }

    /// <summary>Media types for Accept, in order of preference.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>Makes the body, anew for each sending; null for none.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>True to wait for the server's word before the body is sent: it may refuse it.</summary>
    public bool ExpectContinue { get; init; }

    /// <summary>Called for each sending, those along redirects and after 401 too; null for nobody.</summary>
    public Action? Sent { get; init; }

    /// <summary>First byte wanted; 0 for all, without a Range header.</summary>
    public long RangeFrom { get; init; }
}
