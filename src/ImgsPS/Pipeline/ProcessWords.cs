using System;
using System.Management.Automation;

namespace ImgsPS.Pipeline;

/// <summary>Whether <c>ShouldProcess</c> says anything to the user for a change that is made. PowerShell itself does not say.</summary>
internal static class ProcessWords
{
    /// <summary>
    /// True when the user is asked about each item (-Confirm, <c>$ConfirmPreference</c>), or told of it (-Verbose, -Debug and their
    /// preferences).
    /// </summary>
    public static bool AreShown(PSCmdlet cmdlet, ConfirmImpact impact) =>
        Asks(cmdlet, impact) || Tells(cmdlet, "Verbose") || Tells(cmdlet, "Debug");

    private static bool Asks(PSCmdlet cmdlet, ConfirmImpact impact)
    {
        if (cmdlet.MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm))
        {
            return LanguagePrimitives.IsTrue(confirm);
        }

        return !LanguagePrimitives.TryConvertTo<ConfirmImpact>(cmdlet.GetVariableValue("ConfirmPreference"), out var least)
            || (least != ConfirmImpact.None && impact >= least);
    }

    private static bool Tells(PSCmdlet cmdlet, string stream)
    {
        if (cmdlet.MyInvocation.BoundParameters.TryGetValue(stream, out var wanted))
        {
            return LanguagePrimitives.IsTrue(wanted);
        }

        return !LanguagePrimitives.TryConvertTo<ActionPreference>(cmdlet.GetVariableValue(stream + "Preference"), out var preference)
            || preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
    }
}
