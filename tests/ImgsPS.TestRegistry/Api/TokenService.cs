using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>Who may do what: challenges, /token and the tokens it gives. Safe for any number of threads.</summary>
internal sealed class TokenService(TestRegistryOptions options)
{
    private readonly ConcurrentDictionary<string, Grant> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _identityTokens = new(StringComparer.Ordinal);

    /// <summary>Forgets all tokens, as if they had expired.</summary>
    public void Revoke() => _tokens.Clear();

    /// <summary>A refresh token for OAuth2, as docker login gets it.</summary>
    public string AddIdentityToken(string user)
    {
        var token = "identity-" + Guid.NewGuid().ToString("N");
        _identityTokens[token] = user;
        return token;
    }

    /// <summary>Null when the request may do all actions; the refusal otherwise.</summary>
    public TestResponse? Refuse(TestRequest request, string origin, string? type, string name, params string[] actions)
    {
        var authorization = request.Header("Authorization");
        switch (options.Auth)
        {
            case RegistryAuth.None:
                return null;
            case RegistryAuth.Basic:
                if (UserOf(authorization) is not { } user)
                {
                    return Unauthorized($"Basic realm=\"{options.Service}\"");
                }

                return type is null || actions.All(a => Allowed(user, type, name, a))
                    ? null
                    : TestResponse.Error(403, "DENIED", "requested access to the resource is denied");
        }

        var grant = authorization is not null && authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? _tokens.GetValueOrDefault(authorization["Bearer ".Length..].Trim())
            : null;
        var valid = grant is not null && Environment.TickCount64 < grant.Expires;
        if (valid && (type is null || actions.All(a => grant!.Scopes.Contains($"{type}:{name}:{a}"))))
        {
            return null;
        }

        var challenge = $"Bearer realm=\"{options.Realm ?? origin + "/token"}\",service=\"{options.Service}\"";
        if (type is not null)
        {
            challenge += $",scope=\"{type}:{name}:{string.Join(',', actions)}\"";
        }

        return Unauthorized(valid ? challenge + ",error=\"insufficient_scope\"" : challenge);
    }

    /// <summary>Answers /token: GET as the token specification has it, POST as its OAuth2 page has it.</summary>
    public TestResponse Answer(TestRequest request)
    {
        string? user = null;
        IEnumerable<KeyValuePair<string, string>> parameters = request.Query;
        var offline = request.Parameter("offline_token") == "true";
        if (request.Method == "POST")
        {
            if (!options.OAuth2)
            {
                return TestResponse.Error(405, "UNSUPPORTED", "no OAuth2 here");
            }

            parameters = request.Form();
            string? Field(string name) => parameters.FirstOrDefault(p => p.Key == name).Value;
            offline = Field("access_type") == "offline";
            user = Field("grant_type") switch
            {
                "password" => Check(Field("username"), Field("password")),
                "refresh_token" => _identityTokens.GetValueOrDefault(Field("refresh_token") ?? ""),
                _ => null,
            };
            if (user is null)
            {
                return TestResponse.Text(401, """{"error":"invalid_grant","error_description":"unauthorized: authentication required"}""");
            }
        }
        else if (request.Header("Authorization") is { } authorization)
        {
            user = UserOf(authorization);
            if (user is null)
            {
                return Unauthorized($"Basic realm=\"{options.Service}\"");
            }
        }

        var scopes = parameters.Where(p => p.Key == "scope").SelectMany(p => p.Value.Split(' ')).SelectMany(Split)
            .Where(s => Allowed(user, s.Type, s.Name, s.Action)).Select(s => $"{s.Type}:{s.Name}:{s.Action}");
        var grant = new Grant(scopes.ToHashSet(StringComparer.Ordinal), Environment.TickCount64 + (options.TokenSeconds * 1000L), user);
        return Issue(grant, offline ? user : null);
    }

    /// <summary>As <see cref="LoggedRequest.User"/>.</summary>
    public string? Sender(TestRequest request) => request.Header("Authorization") is not { } authorization ? null
        : authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? _tokens.GetValueOrDefault(authorization["Bearer ".Length..].Trim())?.User
            : BasicOf(authorization)?.User;

    private TestResponse Issue(Grant grant, string? identityOf)
    {
        var token = "token-" + Guid.NewGuid().ToString("N");
        _tokens[token] = grant;
        var answer = new JsonObject();
        foreach (var member in options.TokenMembers)
        {
            answer[member] = token;
        }

        answer["expires_in"] = options.TokenSeconds;
        answer["issued_at"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        if (identityOf is not null)
        {
            answer["refresh_token"] = AddIdentityToken(identityOf);
        }

        return TestResponse.Text(200, Json.Write(answer));
    }

    private bool Allowed(string? user, string type, string name, string action) =>
        options.Access?.Invoke(user, type, name, action) ?? (user is not null || (options.AnonymousPull && action == "pull"));

    private string? Check(string? user, string? password) =>
        user is not null && options.Users.TryGetValue(user, out var right) && right == password ? user : null;

    private string? UserOf(string? authorization) => BasicOf(authorization) is { } sent ? Check(sent.User, sent.Password) : null;

    private static (string User, string Password)? BasicOf(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization["Basic ".Length..].Trim(), bytes, out var count))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(bytes, 0, count).Split(':', 2);
        return parts.Length == 2 ? (parts[0], parts[1]) : null;
    }

    private static TestResponse Unauthorized(string challenge) =>
        TestResponse.Error(401, "UNAUTHORIZED", "authentication required").With("WWW-Authenticate", challenge);

    /// <summary><c>repository:team/app:pull,push</c>: the type ends at the first colon, the actions begin after the last.</summary>
    private static IEnumerable<(string Type, string Name, string Action)> Split(string scope)
    {
        var first = scope.IndexOf(':', StringComparison.Ordinal);
        var last = scope.LastIndexOf(':');
        return first < 0 || first == last
            ? []
            : scope[(last + 1)..].Split(',').Select(action => (scope[..first], scope[(first + 1)..last], action));
    }

    private sealed record Grant(HashSet<string> Scopes, long Expires, string? User);
}
