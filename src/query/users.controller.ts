import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { DescribeUser, DescribeUsers } from './openapi/users.openapi.js';
import { QueryService } from './query.service.js';
import { formatOf, sendAnswer, whileConnected } from './send-answer.js';

/** Who people are, and what they did. */
@ApiTags('users')
@Controller('analytics/users')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class UsersController {
  constructor(private readonly queries: QueryService) {}

  @Get()
  @DescribeUsers()
  async users(@Req() request: Request, @Res() response: Response): Promise<void> {
    const format = formatOf(request);
    const signal = whileConnected(response);
    sendAnswer(response, format, await this.queries.users(searchOf(request), format, signal));
  }

  @Get(':id')
  @DescribeUser()
  async user(
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signal = whileConnected(response);
    sendAnswer(response, 'json', await this.queries.user(id, searchOf(request), signal));
  }
}

function searchOf({ url }: Request): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}
