using System;
using System.Management.Automation;
using System.Net;
using System.Security;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Connect-ImageRegistry: has registries check credentials, and keeps them where docker does (LG1-LG5, LG7).</summary>
[Cmdlet(VerbsCommunications.Connect, "ImageRegistry", SupportsShouldProcess = true, DefaultParameterSetName = WithCredential)]
[OutputType(typeof(ImageRegistryLogin))]
public sealed class ConnectImageRegistryCommand : RegistryCmdlet
{
    private const string WithCredential = "Credential";
    private const string WithToken = "AccessToken";
    private const string WithHelper = "FromHelper";

    /// <summary>Registries in line: those that are asked, and answers that wait until an earlier one is written.</summary>
    private const int Ahead = 16;

    /// <summary>The registries: <c>reg.example.com:5000</c>, <c>docker.io</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Registry { get; set; } = Array.Empty<string>();

    /// <summary>User name and password, for all registries of the command; without it PowerShell asks for each.</summary>
    [Parameter(Position = 1, ParameterSetName = WithCredential)]
    [Credential]
    [ValidateNotNull]
    public override PSCredential? Credential { get; set; }

    /// <summary>An access token in place of a password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WithToken)]
    [ValidateNotNull]
    public SecureString? AccessToken { get; set; }

    /// <summary>The user name that goes with the token; without it the one that the registry's makers say.</summary>
    [Parameter(ParameterSetName = WithToken)]
    [ValidateNotNullOrEmpty]
    public string? UserName { get; set; }

    /// <summary>Checks the credentials that the configured helper has, and leaves them there.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WithHelper)]
    public SwitchParameter FromHelper { get; set; }

    /// <summary>No parameter here: a login is no store's.</summary>
    public override string[]? Store { get => null; set => throw new NotSupportedException(); }

    private protected override bool AsksRegistry => true;

    private WorkLine Logins => Line(Ahead);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var given in Registry)
        {
            StartItem(Logins, given, () => Start(given));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Logins.Finish();

    private void Start(string given)
    {
        var registry = RegistryLogin.NameOf(given);
        if (!ShouldProcess(registry, "Log in"))
        {
            return;
        }

        var credential = FromHelper ? null : Given(registry);
        UsedNames.Registries.Add(registry);
        Logins.Start(LogInAsync, failure => ForItem(given, () => throw new WorkFailedException(failure)));

        async Task LogInAsync(WorkPump pump, CancellationToken cancellationToken)
        {
            var login = await RegistryLogin.ConnectAsync(registry, credential, Options, DockerLogins.Default, pump, cancellationToken)
                .ConfigureAwait(false);
            RegistryTags.Forget(registry);
            await pump.WriteAsync(login, cancellationToken).ConfigureAwait(false);
        }
    }

    private RegistryCredential Given(string registry)
    {
        if (AccessToken is not null)
        {
            return new(
                UserName ?? RegistryLogin.TokenUserOf(registry) ?? throw new ImageException(
                    ImageErrorKind.InvalidArgument, $"an access token for {registry} goes with a user name", "Give it with -UserName."),
                new NetworkCredential("", AccessToken).Password);
        }

        var credential = ToRegistry(Credential ?? Ask(registry)) ?? throw new ImageException(
            ImageErrorKind.InvalidArgument, $"no credentials were given for {registry}", "Give them with -Credential.");
        return credential.UserName == RegistryCredential.TokenUser ? new("", "", credential.Secret) : credential;
    }

    private PSCredential? Ask(string registry) => Interactivity.CanAnswer(Host)
        ? Host.UI.PromptForCredential($"Log in to {registry}", "User name and password, or an access token.", "", registry)
        : throw new ImageException(
            ImageErrorKind.InvalidArgument,
            "Cannot perform an interactive login from a non TTY device",
            "Nobody can answer here: give -Credential, -AccessToken or -FromHelper.");
}
