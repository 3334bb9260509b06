# Loads the assemblies that fit this PowerShell: bin/net472 in Windows PowerShell 5.1, bin/net8.0 in PowerShell 7.4 and later.
# In PowerShell 7 each first comparison, conversion and call of .NET costs an import milliseconds, comparing strings the most. So there is one
# condition here, and the reason why the module cannot be loaded is looked for only when it cannot.
# Off, because 5.1 has no $IsCoreCLR.
Set-StrictMode -Off

try {
    if ($IsCoreCLR) {
        # Loads the engine too (EngineLoader). Its commands are exported without Export-ModuleMember, which takes as long as loading them.
        Import-Module -Name "$PSScriptRoot/bin/net8.0/ImgsPS.dll" -ErrorAction Stop
    } else {
        if ($PSVersionTable.PSVersion -lt [version]'5.1') {
            throw 'This PowerShell is too old.'
        }

        # 461808 is .NET Framework 4.7.2.
        $framework = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full' -Name Release -ErrorAction Ignore
        if ($null -ne $framework -and $framework.Release -lt 461808) {
            throw 'ImgsPS needs .NET Framework 4.7.2 or later. Install it from Windows Update or https://dotnet.microsoft.com.'
        }

        Import-Module -Name "$PSScriptRoot/bin/net472/ImgsPS.dll" -ErrorAction Stop

        # Scripts name the public types, [ImgsPS.Image], before the first command has loaded the engine.
        Add-Type -LiteralPath "$PSScriptRoot/bin/net472/ImgsPS.Engine.dll"
        Export-ModuleMember -Cmdlet * -Alias *
    }
} catch {
    $version = $PSVersionTable.PSVersion
    $desktop = $version.Major -lt 6

    if ($desktop -and $version -lt [version]'5.1') {
        throw "ImgsPS needs Windows PowerShell 5.1 or PowerShell 7.4 or later; this is $version. Install Windows Management Framework 5.1."
    }

    if (-not $desktop -and [version]::new($version.Major, $version.Minor) -lt [version]'7.4') {
        throw "ImgsPS needs Windows PowerShell 5.1 or PowerShell 7.4 or later; this is $version. Install a current PowerShell 7."
    }

    $folder = if ($desktop) { 'net472' } else { 'net8.0' }
    $folder = [System.IO.Path]::Combine($PSScriptRoot, 'bin', $folder)
    foreach ($name in 'ImgsPS.Engine.dll', 'ImgsPS.dll') {
        if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($folder, $name))) {
            throw "ImgsPS is not complete: '$name' is missing in '$folder'. Install the module again, or run build.ps1 -Task Build."
        }
    }

    throw
}
