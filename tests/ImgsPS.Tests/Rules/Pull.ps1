# Pull, rules U: what docker prints is what the module says with -Verbose. Dot-sourced by DockerRules.Tests.ps1.
$nothing = { }
New-Rule U1 'the words of a pull' -Setup $nothing -Docker { Show-DockerPull "$((Get-RuleWorld).Registry)/team/app:1" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:1" -Verbose 4>&1 | Show-Pull }
New-Rule U1 'the words when all is there' -Setup { Add-RulePull team/app:1 } `
    -Docker { Show-DockerPull "$((Get-RuleWorld).Registry)/team/app:1" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:1" -Verbose 4>&1 | Show-Pull }
New-Rule U2 'the digest of an index, and the tag latest (N7)' -Setup $nothing `
    -Docker { Show-DockerPull "$((Get-RuleWorld).Registry)/team/multi" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/multi" -Verbose 4>&1 | Show-Pull }
New-Rule U3 'layers that are there already' -Setup { Add-RulePull team/app:1 } `
    -Docker { Show-DockerPull "$((Get-RuleWorld).Registry)/team/app:2" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:2" -Verbose 4>&1 | Show-Pull }
New-Rule U5 'no match for a platform' -Setup $nothing `
    -Docker { Show-DockerPull -q --platform linux/s390x "$((Get-RuleWorld).Registry)/team/multi:latest" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/multi:latest" -Platform linux/s390x } -Fails 'ImageNotFound/ObjectNotFound'
New-Rule U13 'a tag that is not there' -Setup $nothing -Docker { Show-DockerPull -q "$((Get-RuleWorld).Registry)/team/app:9" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:9" } -Fails 'ImageNotFound/ObjectNotFound'
New-Rule N7 'all tags of a name with a tag' -Setup $nothing -Docker { Show-DockerPull -q -a "$((Get-RuleWorld).Registry)/team/app:1" } `
    -Module { Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:1" -AllTags } -Fails 'InvalidArgument/InvalidArgument' `
    -Declared 'N7: docker names its own switches' -Answers 'error: ''reg/team/app:1'' has a tag, which cannot be used with -AllTags', 'exit 1'
New-Rule N9 'of a tag and a digest the digest counts, and the tag is not recorded' -Setup $nothing `
    -Docker { $null = Show-DockerPull "$((Get-RuleWorld).Registry)/team/app:1@$((Get-RuleWorld).app2)" } `
    -Module { $null = Invoke-ImagePull "$((Get-RuleWorld).Registry)/team/app:1@$((Get-RuleWorld).app2)" }
