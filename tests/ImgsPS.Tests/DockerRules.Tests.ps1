# The rules of docs/rules, asked of docker and of the module on the same Docker: both answers are equal, or differ as the rule declares.
# All are asked on dockerd; those of lists, removal and pruning on podman's service too, where an answer of docker that is not dockerd's is
# declared as well. The tables of all answers are printed, and written to docker-rules.txt and docker-rules-podman.txt in
# $env:IMGSPS_TEST_OUTPUT (else the temporary folder).
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, dockerd, docker, busybox
    $missingPodman = @($missing; Get-MissingPart podman, crun, unshare) -ne '' -join ', '
    $rules = if ($missing) {
        Write-Warning "The rules are not asked of docker; this machine has no $missing."
        @{ Number = 'All'; Says = "rules, which need $missing" }
    }
    else {
        Import-Module "$PSScriptRoot/Rules/RuleRunner.psm1" -Global
        Get-ChildItem "$PSScriptRoot/Rules/*.ps1" | ForEach-Object { . $_.FullName }
    }
    $podmanRules = if ($missingPodman) {
        Write-Warning "The rules are not asked of podman; this machine has no $missingPodman."
        @{ Number = 'All'; Says = "rules over podman, which need $missingPodman" }
    }
    else {
        'Filter', 'Remove', 'Prune' | ForEach-Object { . "$PSScriptRoot/Rules/$_.ps1" }
    }
}

Describe 'Docker and the module side by side' -Skip:([bool]$missing) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-Module "$PSScriptRoot/Rules/RuleRunner.psm1" -Global
        Import-TestModule
        $folder = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-rules-$([guid]::NewGuid().ToString('N'))")).FullName
        # Set-Item takes away what gets no value. SetEnvironmentVariable leaves it empty since .NET 9, and docker 20.10 then looks for a
        # context without a name.
        $before = @{}
        'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_BUILDKIT', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH' | ForEach-Object {
            $before[$_] = [Environment]::GetEnvironmentVariable($_)
            Set-Item -LiteralPath "env:$_" -Value $null
        }
        $defaults = $global:PSDefaultParameterValues.Clone()
        $global:PSDefaultParameterValues['*-Image*:Store'] = 'docker'

        function New-RuleTable { @{ Lines = [System.Collections.Generic.List[string]]::new();
            Counts = @{ same = 0; declared = 0; DIFFERS = 0 } } }

        function Add-RuleRow ($Table, $Rule, $Answers, $Verdict) {
            $Table.Counts[$Verdict.Verdict]++
            $Table.Lines.Add((@(
                        "$($Rule.Number) $($Rule.Says) | $($Verdict.Verdict)$(if ($Verdict.Reason) { ": $($Verdict.Reason)" })"
                        $Answers.Docker | ForEach-Object { "    docker  $_" }
                        if (-not $Verdict.Equal) { $Answers.Module | ForEach-Object { "    module  $_" } }
                    ) -join [Environment]::NewLine))
        }

        function Write-RuleTable ($Table, $Name) {
            $counts = $Table.Counts
            $Table.Lines.Add("$($Table.Lines.Count) rules: $($counts.same) same, $($counts.declared) declared, $($counts.DIFFERS) different.")
            $Table.Lines | ForEach-Object { Write-Host $_ }
            $output = if ($env:IMGSPS_TEST_OUTPUT) { $env:IMGSPS_TEST_OUTPUT } else { [System.IO.Path]::GetTempPath() }
            Set-Content -LiteralPath (Join-Path $output $Name) -Value $Table.Lines
        }

        $config = (New-Item -ItemType Directory "$folder/config").FullName
        $registry = Start-RealRegistry $folder
        $engine = Start-RealDocker $folder
        Use-RuleDocker $engine.Socket $config
        New-RuleWorld $folder $registry.Host
    }

    AfterAll {
        try {
            if ($engine -and -not $engine.Process.HasExited) {
                Use-RuleDocker $engine.Socket $config
                Clear-RuleWorld
            }
        }
        finally {
            Stop-RealPart $engine
            Stop-RealPart $registry
            Remove-Item -LiteralPath $folder -Recurse -Force
            $global:PSDefaultParameterValues.Clear()
            $defaults.GetEnumerator() | ForEach-Object { $global:PSDefaultParameterValues[$_.Key] = $_.Value }
            $before.GetEnumerator() | ForEach-Object { Set-Item -LiteralPath "env:$($_.Key)" -Value $_.Value }
            Remove-Module RuleRunner, RuleWorld -Force
        }
    }

    Context 'dockerd' {
        BeforeAll { $table = New-RuleTable }
        AfterAll { Write-RuleTable $table docker-rules.txt }

        It '<_.Number>: <_.Says>' -ForEach $rules {
            $rule = $_
            $answers = Invoke-Rule $rule
            $verdict = Get-RuleVerdict $rule $answers
            Add-RuleRow $table $rule $answers $verdict
            if ($rule.Declared) {
                $answers.Module | Should -BeExactly $verdict.Expected -Because "this is declared: $($rule.Declared)"
            }
            else {
                $answers.Module | Should -BeExactly $verdict.Expected
            }
            $verdict.Verdict | Should -Not -Be DIFFERS -Because 'a difference that is declared must be there'
            $answers.Fails | Should -Be "$($rule.Fails)"
        }
    }

    Context "podman$(if ($missingPodman) { ", which this machine lacks: $missingPodman" })" -Skip:([bool]$missingPodman) {
        BeforeAll {
            $table = New-RuleTable
            # podman takes no runroot of more than 50 characters.
            $short = Join-Path ([System.IO.Path]::GetTempPath()) "podman-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
            $podman = Start-RealPodman $short $registry.Host
            Use-RulePodman $podman.Socket
        }

        AfterAll {
            try {
                if ($podman -and -not $podman.Process.HasExited) { Clear-RuleWorld }
            }
            finally {
                Stop-RealPart $podman
                if (Test-Path -LiteralPath $short) { Remove-Item -LiteralPath $short -Recurse -Force }
            }
            Write-RuleTable $table docker-rules-podman.txt
        }

        It '<_.Number>: <_.Says>' -ForEach $podmanRules {
            $rule = $_
            $answers = Invoke-Rule $rule
            $verdict = Get-RuleVerdict $rule $answers -Podman
            Add-RuleRow $table $rule $answers $verdict
            $answers.Module | Should -BeExactly $verdict.Expected -Because "this is declared: '$($rule.Podman)'"
            $verdict.Verdict | Should -Not -Be DIFFERS `
                -Because 'each difference is declared, of docker on podman from docker on dockerd too, and is there'
            $answers.Fails | Should -Be $(if ($answers.Module -ccontains 'exit 1') { $rule.Fails } else { '' })
        }
    }
}
