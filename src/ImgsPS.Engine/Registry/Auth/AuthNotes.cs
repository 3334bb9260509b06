using System;

namespace ImgsPS.Registry;

/// <summary>
/// What an error message should tell of the authentication before it. Written and read by any thread; the last one counts.
/// </summary>
internal sealed class AuthNotes
{
    private volatile Uri? _withheldFrom;
    private volatile string? _userName;

    /// <summary>The realm that was asked without the credentials there are (RN3); null when there was none.</summary>
    public Uri? WithheldFrom
    {
        get => _withheldFrom;
        set => _withheldFrom = value;
    }

    /// <summary>The user whose credentials were sent last; null when none were.</summary>
    public string? UserName
    {
        get => _userName;
        set => _userName = value;
    }
}
