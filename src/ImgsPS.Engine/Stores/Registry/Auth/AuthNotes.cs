using System;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What an error message should tell of the authentication before it. Written and read by any thread; the last one counts.
/// </summary>
internal sealed class AuthNotes
{
    private volatile Uri? _withheldFrom;
    private volatile string? _userName;
    private volatile bool _isCredentialRefused;
    private volatile ImageException? _credentialFault;

    /// <summary>The realm that was asked without the credentials there are (RN3); null when there was none.</summary>
    public Uri? WithheldFrom
    {
        get => _withheldFrom;
        set => _withheldFrom = value;
    }

    /// <summary>True when a token service, or the registry itself, refused the credentials.</summary>
    public bool IsCredentialRefused
    {
        get => _isCredentialRefused;
        set => _isCredentialRefused = value;
    }

    /// <summary>Why the credentials that the user keeps could not be read; null when they could (FF16).</summary>
    public ImageException? CredentialFault
    {
        get => _credentialFault;
        set => _credentialFault = value;
    }

    /// <summary>The user whose credentials were sent last; null when none were.</summary>
    public string? UserName
    {
        get => _userName;
        set => _userName = value;
    }
}
