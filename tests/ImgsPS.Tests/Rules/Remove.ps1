# Removal, rules D. Dot-sourced by DockerRules.Tests.ps1.
$web = { Import-RuleImage web }
$fullName = 'N1: podman says names in full, the module the familiar ones'
$loaded = 'L3: podman has a digest for each name'
$noLayers = "D3: podman does not tell the layers that go, and writes ids without sha256:; $fullName"
$inUse = "D5, D6: podman has words of its own; $loaded"
$forced = "D6-D8: podman removes the containers of an image by force, running ones too; $noLayers"
$ownWords = 'D12-D14: podman has words of its own; the module looks the image up itself'
New-Rule D1 'a name is untagged while another one is left' -Setup { Import-RuleImage web; Add-RuleTag web:1 other:1 } `
    -Docker { docker rmi web:1 } -Module { Remove-Image web:1 -PassThru | Show-Removal } -Podman "$fullName; $loaded" `
    -PodmanAnswers 'Untagged: web:1', 'exit 0', 'left: other:1 sha256:(web-manifest) sha256:(web)'
New-Rule D2 'with the last tag of a repository its digest references go' `
    -Setup { Add-RulePull team/app:1; Add-RuleTag "$((Get-RuleWorld).Registry)/team/app:1" other:1 } `
    -Docker { docker rmi "$((Get-RuleWorld).Registry)/team/app:1" } -Module { Remove-Image "$((Get-RuleWorld).Registry)/team/app:1" `
    -PassThru | Show-Removal } -Podman 'D2: podman untags nothing but the tag'
New-Rule D3 'with the last name the image and its layers go, top first' -Setup $web -Docker { docker rmi web:1 } -Module {
    Remove-Image web:1 -PassThru | Show-Removal } -Podman $noLayers -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D4 'an id with names in two repositories must be forced' -Setup { Import-RuleImage web; Add-RuleTag web:1 other:1 } `
    -Docker { docker rmi (Get-KnownId web) } -Module { Remove-Image (Get-KnownId web) -PassThru | Show-Removal } `
    -Fails 'ImageConflict/InvalidOperation' -Podman 'D4: podman has words of its own, and status 500'
New-Rule D4 'an id with one name takes it along' -Setup $web -Docker { docker rmi (Get-KnownId web) } -Module { Remove-Image (
    Get-KnownId web) -PassThru | Show-Removal } -Podman $noLayers -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D4 'an id with names in two repositories, forced' -Setup { Import-RuleImage web; Add-RuleTag web:1 other:1 } `
    -Docker { docker rmi -f (Get-KnownId web) } -Module { Remove-Image (Get-KnownId web) -Force -PassThru | Show-Removal } `
    -Podman $noLayers -PodmanAnswers 'Untagged: web:1', 'Untagged: other:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D5 'the last name stays while a container is there' -Setup { Import-RuleImage web; Add-RuleContainer one web:1 running } `
    -Docker { docker rmi web:1 } -Module { Remove-Image web:1 -PassThru | Show-Removal } -Fails 'ImageInUse/ResourceBusy' -Podman $inUse
New-Rule D6 'an id stays while a stopped container is there' -Setup { Import-RuleImage web; Add-RuleContainer one web:1 exited } `
    -Docker { docker rmi (Get-KnownId web) } -Module { Remove-Image (Get-KnownId web) -PassThru | Show-Removal } `
    -Fails 'ImageInUse/ResourceBusy' -Podman $inUse
New-Rule D6 'an id with a running container cannot be forced' -Setup { Import-RuleImage web; Add-RuleContainer one web:1 running } `
    -Docker { docker rmi -f (Get-KnownId web) } -Module { Remove-Image (Get-KnownId web) -Force -PassThru | Show-Removal } `
    -Fails 'ImageInUse/ResourceBusy' -Podman $forced -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D7 'a name with a stopped container, forced' -Setup { Import-RuleImage web; Add-RuleContainer one web:1 exited } `
    -Docker { docker rmi -f web:1 } -Module { Remove-Image web:1 -Force -PassThru | Show-Removal } -Podman $forced `
    -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D8 'a name with a running container, forced, is untagged' -Setup { Import-RuleImage web; Add-RuleContainer one web:1 running } `
    -Docker { docker rmi -f web:1 } -Module { Remove-Image web:1 -Force -PassThru | Show-Removal } -Podman $forced `
    -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D9 'an image with children stays' -Setup { Import-RuleImage child } -Docker { docker rmi (Get-KnownId step) } `
    -Module { Remove-Image (Get-KnownId step) -PassThru | Show-Removal } -Fails 'ImageInUse/ResourceBusy' `
    -Podman 'D9: podman deletes a parent without a name, and says nothing of it'
New-Rule D10 'parents without a name go too' -Setup { Import-RuleImage child } -Docker { docker rmi child:1 } `
    -Module { Remove-Image child:1 -PassThru | Show-Removal } -Podman $noLayers -PodmanAnswers 'Untagged: child:1',
    'Deleted: sha256:(child)', 'Deleted: sha256:(step)', 'exit 0', 'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule D10 'parents without a name stay with no-prune' -Setup { Import-RuleImage child } -Docker { docker rmi --no-prune child:1 } `
    -Module { Remove-Image child:1 -NoPrune -PassThru | Show-Removal } -Podman "D10: podman does not know noprune; $noLayers" `
    -PodmanAnswers 'Untagged: child:1', 'Deleted: sha256:(child)', 'Deleted: sha256:(step)', 'exit 0',
    'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule D11 'a digest reference goes alone' -Setup { Add-RulePull team/app:1 } `
    -Docker { docker rmi "$((Get-RuleWorld).Registry)/team/app@$((Get-RuleWorld).app1)" } `
    -Module { Remove-Image "$((Get-RuleWorld).Registry)/team/app@$((Get-RuleWorld).app1)" -PassThru | Show-Removal } `
    -Podman "D11: podman deletes the image with its tag; $noLayers" `
    -PodmanAnswers 'Untagged: reg/team/app:1', 'Deleted: sha256:(app1)', 'exit 0'
New-Rule D12 'what is not there' -Setup $web -Docker { docker rmi nosuch } -Module { Remove-Image nosuch -PassThru | Show-Removal } `
    -Fails 'ImageNotFound/ObjectNotFound' -Podman "$ownWords; $loaded" `
    -PodmanAnswers 'error: No such image: nosuch:latest', 'exit 1', 'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule D14 'a repository means its tag latest' -Setup $web -Docker { docker rmi web } `
    -Module { Remove-Image web -PassThru | Show-Removal } -Fails 'ImageNotFound/ObjectNotFound' -Podman "$ownWords; $loaded" `
    -PodmanAnswers 'error: No such image: web:latest', 'exit 1', 'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule D13 'a prefix of an id' -Setup $web -Docker { docker rmi (Get-KnownId web).Substring(7, 10) } `
    -Module { Remove-Image (Get-KnownId web).Substring(7, 10) -PassThru | Show-Removal } -Podman $noLayers `
    -PodmanAnswers 'Untagged: web:1', 'Deleted: sha256:(web)', 'exit 0'
New-Rule D13 'a prefix of several ids names none of them, and nothing goes' `
    -Setup { Import-RuleImage child, bare, age; Add-RulePull team/app:1, team/app:2 } -Docker { docker rmi (Get-SharedPrefix) } `
    -Module { Remove-Image (Get-SharedPrefix) -PassThru | Show-Removal } -Fails 'ImageNotFound/ObjectNotFound' `
    -Podman "$ownWords; $loaded" `
    -PodmanAnswers 'error: No such image: (prefix):latest', 'exit 1', 'left: <none>:<none> <none> sha256:(loose)',
    'left: <none>:<none> <none> sha256:(step)', 'left: age/mid:1 sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/mid:2 sha256:(mid2-manifest) sha256:(mid2)', 'left: age/mid:extra sha256:(mid1-manifest) sha256:(mid1)',
    'left: age/new:1 sha256:(new-manifest) sha256:(new)', 'left: age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)',
    'left: age/old:1 sha256:(old-manifest) sha256:(old)', 'left: bare:1 sha256:(bare-manifest) sha256:(bare)',
    'left: child:1 sha256:(child-manifest) sha256:(child)', 'left: reg/team/app:1 sha256:(app1-manifest) sha256:(app1)',
    'left: reg/team/app:2 sha256:(app2-manifest) sha256:(app2)', 'left: web:1 sha256:(web-manifest) sha256:(web)'
New-Rule D13 'a name that could be a prefix of an id is the name' `
    -Setup { Import-RuleImage web, bare; Add-RuleTag web:1 (Get-KnownId bare).Substring(7, 12) } `
    -Docker { docker rmi (Get-KnownId bare).Substring(7, 12) } `
    -Module { Remove-Image (Get-KnownId bare).Substring(7, 12) -PassThru | Show-Removal } -Podman "$fullName; $loaded" `
    -PodmanAnswers 'Untagged: (bare/12):latest', 'exit 0', 'left: bare:1 sha256:(bare-manifest) sha256:(bare)',
    'left: web:1 sha256:(web-manifest) sha256:(web)'
